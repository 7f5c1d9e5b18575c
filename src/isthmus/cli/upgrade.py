"""`upgrade`: an installed mesh to this program's version, in place or as a revision beside the old one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from isthmus import __version__
from isthmus.cli.confirmation import confirm
from isthmus.cli.install import carry_out, install_options, warn
from isthmus.cli.operator_options import Operator
from isthmus.cli.options import Target, run

if TYPE_CHECKING:
    from isthmus.install.upgrade import Running


@click.command("upgrade")
@install_options
def upgrade(
    target: Target,
    operator: Operator,
    skip_confirmation: bool,
    dry_run: bool,
    readiness_timeout: float,
    force: bool,
    verify: bool,
) -> None:
    """Takes an installed mesh to this version.

    Give the files and settings that it was installed with. Without --revision the control plane is replaced in place;
    with one, a second control plane is installed beside it, and namespaces move over by label or by `tag set`.

    \b
    Examples:
      isthmus upgrade -f cluster1.yaml
      isthmus upgrade -f cluster1.yaml --revision 0-2-0
      isthmus tag set default --revision 0-2-0 --overwrite
    """
    from isthmus.install.upgrade import obstacles

    plan = operator.plan(target)
    installation = plan.installation
    running = run(_running(target, installation.namespace))
    if not running:
        raise click.ClickException(
            f"there is no control plane to upgrade in namespace {installation.namespace}; use install"
        )
    found = obstacles(running, installation.revision or "default", __version__)
    for sentence in found:
        click.echo(f"! {sentence}", err=True)
    if found and not force:
        raise click.ClickException("this upgrade would not be safe; --force goes on nevertheless")
    for each in running:
        click.echo(f"Control plane {each.namespace}/{each.name} (revision {each.revision}): version {each.version}")
    warn(plan)
    if not (skip_confirmation or dry_run):
        confirm(f"It will be upgraded to version {__version__}. Proceed?", stdin_taken=operator.reads_stdin)
    carry_out(target, plan, readiness_timeout, dry_run=dry_run, verify=verify)
    if not dry_run:
        click.echo("Proxies get their new version when their pods are created anew: kubectl rollout restart deployment")


async def _running(target: Target, namespace: str) -> list[Running]:
    from isthmus.install.upgrade import running_control_planes

    async with target.client() as client:
        return await running_control_planes(client, namespace)
