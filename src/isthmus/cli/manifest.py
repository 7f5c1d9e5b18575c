"""`manifest`: what `install` would apply, as YAML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from isthmus.cli.install import install
from isthmus.cli.operator_options import Operator, operator_options
from isthmus.cli.options import Target, cluster_options

if TYPE_CHECKING:
    from isthmus.install.plan import Part


@click.group("manifest")
def manifest() -> None:
    """Shows the objects of an installation."""


# What `install` was called in Istio 1.4 and 1.5; guides of that time say it.
manifest.add_command(install, "apply")


@manifest.command("generate")
@operator_options
@click.option("-o", "--output", default="", metavar="DIR", help="Write one file per component instead of printing.")
@click.option(
    "--component", "--filter", "wanted", multiple=True, metavar="NAME", help="Only these: Base, Pilot, IngressGateways…"
)
@click.option("--dry-run", is_flag=True, help="With -o, name the files and write none.")
@click.option("--force", is_flag=True, help="Accepted for scripts.")
@click.option("--cluster-specific", is_flag=True, hidden=True, help="Accepted: manifests do not differ by cluster.")
@cluster_options
def generate(
    target: Target,
    operator: Operator,
    output: str,
    wanted: tuple[str, ...],
    dry_run: bool,
    force: bool,
    cluster_specific: bool,
) -> None:
    """Prints the objects of an installation; no cluster is needed.

    \b
    Examples:
      isthmus manifest generate > mesh.yaml
      isthmus manifest generate -f cluster1.yaml --set values.defaultRevision=default | kubectl apply -f -
      isthmus manifest generate --component Pilot
    """
    from isthmus.install.manifests import ordered, text

    plan = operator.plan(target)
    for warning in plan.warnings:
        click.echo(f"! {warning}", err=True)
    parts = _wanted(plan.parts, wanted)
    if not output:
        click.echo(text(ordered(found for part in parts for found in part.objects)), nl=False)
        return
    for part in parts:
        path = Path(output) / f"{_name(part)}.yaml"
        if dry_run:
            click.echo(f"{path} would be written")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text(part.objects))


@manifest.command("translate")
@operator_options
@click.option("-o", "--output", default=".", show_default=True, metavar="DIR", help="Where values files are written.")
@cluster_options
def translate(target: Target, operator: Operator, output: str) -> None:
    """Writes an IstioOperator file's settings as values for Helm, and prints the commands that install them.

    \b
    Example:
      isthmus manifest translate -f cluster1.yaml -o values
    """
    from isthmus.gotemplate.yaml_text import dump
    from isthmus.install.components import chart_directory

    plan = operator.plan(target)
    for part in plan.parts:
        if not part.objects:
            continue
        component = part.component
        release, path = _release(part), Path(output) / f"{_release(part)}-values.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dump(dict(component.values)))
        chart = chart_directory(plan.installation.charts, component)
        click.echo(f"helm upgrade --install {release} {chart} --namespace {component.namespace} --values {path}")
        if unsaid := sorted(component.settings):
            click.echo(
                f"! {component.path}.k8s has no place in values; patch these by hand: {', '.join(unsaid)}", err=True
            )


def _release(part: Part) -> str:
    """The release's name in Istio's documentation; a gateway's own name."""
    component = part.component
    return {"base": "istio-base", "cni": "istio-cni"}.get(component.sort.field, component.workload)


def _wanted(parts: tuple[Part, ...], wanted: tuple[str, ...]) -> list[Part]:
    """The parts with objects; of those the wanted ones, by label, by field or by the gateway's name."""
    asked = {name.lower() for text in wanted for name in text.split(",") if name}
    names = {
        id(part): {part.component.sort.label.lower(), part.component.sort.field.lower(), part.component.workload}
        for part in parts
    }
    unknown = sorted(asked - {name for each in names.values() for name in each})
    if unknown:
        known = ", ".join(dict.fromkeys(part.component.sort.label for part in parts)) or "none"
        sentence = f"no component {unknown[0]!r}; this installation has {known}"
        raise click.BadParameter(sentence, param_hint="--component")
    return [part for part in parts if part.objects and (not asked or asked & names[id(part)])]


def _name(part: Part) -> str:
    return "-".join(dict.fromkeys((part.component.sort.label, part.component.workload))).strip("-")
