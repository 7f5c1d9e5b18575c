"""`install`: the mesh, or a gateway, into a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from isthmus import __version__
from isthmus.cli.confirmation import confirm
from isthmus.cli.operator_options import Operator, operator_options
from isthmus.cli.options import Target, cluster_options, run
from isthmus.cli.progress import LineProgress

if TYPE_CHECKING:
    from isthmus.install.plan import Plan


@click.command("install")
@operator_options
@click.option("-y", "--skip-confirmation", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would be applied; change nothing.")
@click.option(
    "--readiness-timeout", default="300s", show_default=True, metavar="DURATION", help="How long to wait for each part."
)
@click.option("--force", is_flag=True, help="Go on where warnings would be a reason to stop; accepted for scripts.")
@click.option("--verify", is_flag=True, help="Accepted for scripts: an installation is always waited for.")
@cluster_options
def install(
    target: Target,
    operator: Operator,
    skip_confirmation: bool,
    dry_run: bool,
    readiness_timeout: str,
    force: bool,
    verify: bool,
) -> None:
    """Installs or changes a mesh in a cluster.

    Safe to repeat: what is there already stays as it is, and what a file no longer has is removed.

    \b
    Examples:
      isthmus install
      isthmus install --context=cluster1 -f cluster1.yaml
      isthmus install -y --set profile=demo --set meshConfig.accessLogFile=/dev/stdout
      samples/multicluster/gen-eastwest-gateway.sh --network network1 | isthmus install -y -f -
    """
    seconds = _seconds(readiness_timeout)
    plan = operator.plan(target)
    progress = LineProgress()
    for warning in plan.warnings:
        progress.warn(warning)
    if dry_run:
        _show(plan)
        return
    if not skip_confirmation:
        confirm(_question(plan), stdin_taken=operator.reads_stdin)
    try:
        run(_install(target, plan, seconds, progress))
    finally:
        progress.clear()
    click.echo("✔ Installation complete")


def _seconds(text: str) -> float:
    from isthmus.api.duration import seconds

    try:
        return seconds(text)
    except ValueError as problem:
        raise click.BadParameter(str(problem), param_hint="--readiness-timeout") from None


def _question(plan: Plan) -> str:
    parts = ", ".join(part.component.title for part in plan.parts if part.objects) or "nothing"
    profile = plan.installation.profile
    return f'This will install Isthmus {__version__} profile "{profile}" ({parts}) into the cluster. Proceed?'


def _show(plan: Plan) -> None:
    from isthmus.install.manifests import identity

    for part in plan.parts:
        if part.objects:
            click.echo(f"{part.component.title}:")
        for found in part.objects:
            click.echo(f"  {identity(found)}")
    click.echo("Dry run: nothing was changed.")


async def _install(target: Target, plan: Plan, seconds: float, progress: LineProgress) -> None:
    from isthmus.install.apply import install as apply
    from isthmus.install.errors import InstallError

    async with target.client() as client:
        try:
            await apply(client, plan, seconds, progress)
        except InstallError as problem:
            progress.clear()
            raise click.ClickException(str(problem)) from None
