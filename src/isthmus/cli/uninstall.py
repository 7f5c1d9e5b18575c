"""`uninstall`: a revision, a file's objects, or everything, out of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from isthmus.cli.confirmation import confirm
from isthmus.cli.operator_options import Operator, operator_options
from isthmus.cli.options import Target, cluster_options, run
from isthmus.cli.progress import LineProgress

if TYPE_CHECKING:
    from isthmus.install.owned import Owned
    from isthmus.kube.client import Client


@click.command("uninstall")
@operator_options
@click.option("-y", "--skip-confirmation", is_flag=True, help="Do not ask.")
@click.option("--purge", is_flag=True, help="Everything of every revision, CRDs and with them their objects too.")
@click.option("--dry-run", is_flag=True, help="Show what would be removed; change nothing.")
@click.option("--force", is_flag=True, help="Accepted for scripts.")
@click.option("-v", "--verbose", is_flag=True, hidden=True, help="Accepted for scripts.")
@cluster_options
def uninstall(
    target: Target,
    operator: Operator,
    skip_confirmation: bool,
    purge: bool,
    dry_run: bool,
    force: bool,
    verbose: bool,
) -> None:
    """Removes a mesh, or a part of it, from a cluster.

    Namespaces, `cacerts` and `istio-ca-secret` stay.

    \b
    Examples:
      isthmus uninstall --purge -y
      isthmus uninstall --revision canary
      isthmus uninstall -f eastwest-gateway.yaml
    """
    if not (purge or operator.revision or operator.files):
        raise click.UsageError("say what goes: --revision NAME, --filename FILE, or --purge for everything")
    if not skip_confirmation and operator.reads_stdin and not dry_run:
        confirm("", stdin_taken=True)
    progress = LineProgress()
    try:
        run(_uninstall(target, operator, progress, purge=purge, asks=not skip_confirmation, dry_run=dry_run))
    finally:
        progress.clear()


async def _uninstall(
    target: Target, operator: Operator, progress: LineProgress, *, purge: bool, asks: bool, dry_run: bool
) -> None:
    from isthmus.install.remove import remove, traces

    async with target.client() as client:
        progress.waiting("what is there to be found")
        found = await _found(client, target, operator, purge=purge)
        progress.clear()
        if not found:
            click.echo("Nothing to remove: no such objects are in the cluster.")
            return
        if asks or dry_run:
            _show(found)
            if operator.revision:
                await _warn(client, operator.revision)
        if dry_run:
            click.echo("Dry run: nothing was changed.")
            return
        if asks:
            confirm(f"{len(found)} objects will be removed from the cluster. Proceed?")
        await remove(client, found, progress)
        if purge:
            await remove(client, await traces(client, progress), progress)
    progress.clear()
    click.echo("✔ Uninstall complete")


async def _found(client: Client, target: Target, operator: Operator, *, purge: bool) -> list[Owned]:
    from isthmus.install import remove

    if purge:
        return await remove.everything(client)
    if operator.files:
        return await remove.of_plan(client, operator.plan(target))
    return await remove.of_revision(client, operator.revision)


async def _warn(client: Client, revision: str) -> None:
    from isthmus.install.tagging import followers

    names = await followers(client, revision)
    if names:
        click.echo(f"! pods of these namespaces get no sidecar from {revision} any more: {', '.join(names)}", err=True)


def _show(found: list[Owned]) -> None:
    for owned in found:
        click.echo(f"  {owned.identity}")
