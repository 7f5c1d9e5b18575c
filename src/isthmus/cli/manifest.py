"""`manifest`: what `install` would apply, as YAML."""

from __future__ import annotations

from pathlib import Path

import click

from isthmus.cli.operator_options import Operator, operator_options
from isthmus.cli.options import Target, cluster_options


@click.group("manifest")
def manifest() -> None:
    """Shows the objects of an installation."""


@manifest.command("generate")
@operator_options
@click.option("-o", "--output", default="", metavar="DIR", help="Write one file per component instead of printing.")
@click.option("--force", is_flag=True, help="Accepted for scripts.")
@click.option("--cluster-specific", is_flag=True, hidden=True, help="Accepted: manifests do not differ by cluster.")
@cluster_options
def generate(target: Target, operator: Operator, output: str, force: bool, cluster_specific: bool) -> None:
    """Prints the objects of an installation; no cluster is needed.

    \b
    Examples:
      isthmus manifest generate > mesh.yaml
      isthmus manifest generate -f cluster1.yaml --set values.defaultRevision=default | kubectl apply -f -
    """
    from isthmus.install.manifests import ordered, text

    plan = operator.plan(target)
    for warning in plan.warnings:
        click.echo(f"! {warning}", err=True)
    if not output:
        click.echo(text(ordered(plan.objects)), nl=False)
        return
    directory = Path(output)
    directory.mkdir(parents=True, exist_ok=True)
    for part in plan.parts:
        if part.objects:
            name = "-".join(dict.fromkeys((part.component.sort.label, part.component.workload))).strip("-")
            (directory / f"{name}.yaml").write_text(text(part.objects))
