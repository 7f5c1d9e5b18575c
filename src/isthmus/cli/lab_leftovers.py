"""`isthmus lab leftovers`: whether clusters are as they were before a mesh was installed."""

import asyncio
import sys
from contextlib import AsyncExitStack

import click

from isthmus.cli.columns import Table, render
from isthmus.cli.lab_options import expected_errors, name_option, output_option
from isthmus.kube.client import Client
from isthmus.lab.leftovers import Leftover
from isthmus.lab.leftovers import leftovers as ask
from isthmus.lab.state import LabError, require

_GAP = 3


@click.command()
@click.option("--allow-crds", is_flag=True, help="Custom resource definitions may stay.")
@click.option(
    "--context", "contexts", multiple=True, metavar="NAME", help="A cluster of this shell's kubeconfig instead."
)
@name_option
@output_option
@expected_errors
def leftovers(allow_crds: bool, contexts: tuple[str, ...], name: str, output: str) -> None:
    """Lists what a mesh or a guide left in the clusters of a lab; exit status 1 where there is anything.

    Every kind that the API servers serve is looked at.

    \b
    Examples:
      isthmus lab leftovers
      isthmus lab leftovers --allow-crds
      isthmus lab leftovers --context kind-east --context kind-west
    """
    found = asyncio.run(_all(_clients(contexts, name), crds=not allow_crds))
    if output == "json":
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    elif found:
        rows = tuple((each.cluster, each.kind, each.namespace or "-", each.name, each.reason) for each in found)
        click.echo(render(Table(("CLUSTER", "KIND", "NAMESPACE", "NAME", "TOLD BY"), rows, _GAP)), nl=False)
    else:
        click.echo("nothing is left")
    sys.exit(1 if found else 0)


def _clients(contexts: tuple[str, ...], name: str) -> dict[str, Client]:
    from isthmus.kube.access import default_access
    from isthmus.lab.clusters import client
    from isthmus.lab.layout import layout

    if contexts:
        return {context: Client(default_access(None, context)) for context in contexts}
    return {cluster.name: client(layout(name), cluster.name) for cluster in require(name).topology.clusters}


async def _all(clients: dict[str, Client], *, crds: bool) -> list[Leftover]:
    from isthmus.kube.errors import KubeError

    try:
        async with AsyncExitStack() as stack:
            for client in clients.values():
                await stack.enter_async_context(client)
            found = await asyncio.gather(*(ask(name, client, crds=crds) for name, client in clients.items()))
    except KubeError as problem:
        raise LabError(str(problem)) from None
    return [each for cluster in found for each in cluster]
