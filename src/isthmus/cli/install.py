"""`install`: the mesh, or a gateway, into a cluster."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from isthmus import __version__
from isthmus.cli.confirmation import confirm
from isthmus.cli.operator_options import Operator, operator_options, reading
from isthmus.cli.options import Target, cluster_options, run
from isthmus.cli.progress import LineProgress

if TYPE_CHECKING:
    from isthmus.install.plan import Plan
    from isthmus.install.verify import Verdict

Command = TypeVar("Command", bound=Callable[..., Any])


def install_options(function: Command) -> Command:
    """Adds what all commands take that apply an installation; the command gets the time limit in seconds."""

    @operator_options
    @click.option("-y", "--skip-confirmation", is_flag=True, help="Do not ask.")
    @click.option("--dry-run", is_flag=True, help="Show what would be applied; change nothing.")
    @click.option(
        "--readiness-timeout", default="300s", show_default=True, metavar="DURATION", help="How long to wait per part."
    )
    @click.option("--force", is_flag=True, help="Go on where there is a reason to stop.")
    @click.option("--verify", is_flag=True, help="Afterwards check each object, as verify-install does.")
    @cluster_options
    @functools.wraps(function)
    def with_seconds(*args: Any, readiness_timeout: str, **rest: Any) -> Any:
        return function(*args, readiness_timeout=_seconds(readiness_timeout), **rest)

    return with_seconds  # type: ignore[return-value] # the decorated function has other parameters by design


@click.command("install")
@install_options
def install(
    target: Target,
    operator: Operator,
    skip_confirmation: bool,
    dry_run: bool,
    readiness_timeout: float,
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
    plan = operator.plan(target)
    warn(plan)
    if not (skip_confirmation or dry_run):
        confirm(_question(plan), stdin_taken=operator.reads_stdin)
    carry_out(target, plan, readiness_timeout, dry_run=dry_run, verify=verify)


def carry_out(target: Target, plan: Plan, seconds: float, *, dry_run: bool, verify: bool) -> None:
    """Apply a plan, wait for it and say so; as a dry run, show it. Mistakes end the command with their message."""
    if dry_run:
        _show(plan)
        return
    progress = LineProgress()
    try:
        verdicts = run(_install(target, plan, seconds, progress, verify=verify))
    finally:
        progress.clear()
    if verdicts:
        from isthmus.cli.verify_install import report

        report(verdicts)
    click.echo("✔ Installation complete")


def warn(plan: Plan) -> None:
    """Say what the user should know about the request."""
    progress = LineProgress()
    for warning in plan.warnings:
        progress.warn(warning)


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


async def _install(
    target: Target, plan: Plan, seconds: float, progress: LineProgress, *, verify: bool
) -> list[Verdict]:
    from isthmus.install.apply import install as apply
    from isthmus.install.verify import of_objects

    async with target.client() as client:
        with reading():
            await apply(client, plan, seconds, progress)
        return await of_objects(client, plan.objects) if verify else []
