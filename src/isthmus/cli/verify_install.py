"""`verify-install`: is everything there, and ready?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from isthmus.cli.operator_options import Operator, operator_options
from isthmus.cli.options import Target, cluster_options, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isthmus.install.verify import Verdict


@click.command("verify-install")
@operator_options
@cluster_options
def verify_install(target: Target, operator: Operator) -> None:
    """Checks that the objects of an installation exist and are ready.

    Without a file: those that are in the cluster with the labels of the revision. With files or settings: those that
    an installation with them would have. The exit status is 1 when something is missing.

    \b
    Examples:
      isthmus verify-install
      isthmus verify-install --revision canary
      isthmus verify-install -f cluster1.yaml
    """
    verdicts = run(_verdicts(target, operator))
    if not verdicts:
        name = operator.revision or "default"
        raise click.ClickException(f"no installation of revision {name!r} is in the cluster; give its file with -f")
    report(verdicts)


def report(verdicts: Sequence[Verdict]) -> None:
    """Show each verdict and the sum; ends the command with status 1 when something is missing."""
    for each in verdicts:
        named = f"{each.identity.kind}: {each.identity.name}" + f".{each.identity.namespace}".rstrip(".")
        click.echo(f"✘ {named}: {each.lacking}" if each.lacking else f"✔ {named} checked successfully")
    kinds = [each.identity.kind for each in verdicts if not each.lacking]
    click.echo(f"Checked {kinds.count('CustomResourceDefinition')} custom resource definitions")
    click.echo(f"Checked {kinds.count('Deployment')} Istio Deployments")
    lacking = [each for each in verdicts if each.lacking]
    if lacking:
        raise click.ClickException(f"{len(lacking)} of {len(verdicts)} objects are missing or not ready")
    click.echo("✔ Istio is installed and verified successfully")


async def _verdicts(target: Target, operator: Operator) -> list[Verdict]:
    from isthmus.install import verify

    async with target.client() as client:
        if operator.files or operator.settings:
            return await verify.of_objects(client, operator.plan(target).objects)
        return await verify.of_revision(client, operator.revision)
