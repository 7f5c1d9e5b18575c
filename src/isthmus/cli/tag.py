"""`tag`: stable names for control planes' revisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from isthmus.cli.columns import Table, render
from isthmus.cli.confirmation import confirm
from isthmus.cli.operator_options import Operator, manifests_option, reading
from isthmus.cli.options import Target, cluster_options, run
from isthmus.cli.outputs import structured

if TYPE_CHECKING:
    from collections.abc import Callable

    from isthmus.install.render import Object
    from isthmus.install.revision_tags import Revision, Tag
    from isthmus.install.tagging import Listed
    from isthmus.kube.client import Client

_SKIPS = click.option("-y", "--skip-confirmation", is_flag=True, help="Do not ask.")


@click.group("tag")
def tag() -> None:
    """Names for revisions, which namespaces can choose instead of a revision.

    Namespaces with the label istio.io/rev=TAG follow when the tag is moved. The tag default stands for the revision
    that namespaces with istio-injection=enabled get, and that validates resources without a revision.
    """


def _tag_options(function: Callable[..., None]) -> Callable[..., None]:
    options = (
        click.argument("name"),
        click.option("-r", "--revision", required=True, metavar="NAME", help="The revision that the tag stands for."),
        click.option("--overwrite", is_flag=True, help="Move the tag when it exists."),
        click.option("--webhook-name", default="", metavar="NAME", help="Name of the tag's webhook configuration."),
        click.option("--auto-inject-namespaces", is_flag=True, help="Inject into all namespaces that do not refuse."),
        _SKIPS,
        manifests_option,
        cluster_options,
    )
    for option in reversed(options):
        function = option(function)
    return function


@tag.command("set")
@_tag_options
def set_tag(
    target: Target,
    name: str,
    revision: str,
    overwrite: bool,
    webhook_name: str,
    auto_inject_namespaces: bool,
    skip_confirmation: bool,
    manifests: str,
) -> None:
    """Creates a tag, or moves it to another revision.

    \b
    Examples:
      isthmus tag set prod --revision 1-8-0
      kubectl label namespace test istio.io/rev=prod
      isthmus tag set prod --revision 1-8-1 --overwrite
      isthmus tag set default --revision 1-8-1 --overwrite
    """
    from isthmus.install.revision_tags import Tag

    wanted = Tag(name, revision, webhook_name, auto_inject_namespaces)
    run(_set(target, wanted, manifests, overwrite=overwrite))
    click.echo(f'Revision tag "{name}" created, referencing control plane revision "{revision}".')
    click.echo(f"Namespaces use it with: kubectl label namespace <NAMESPACE> istio.io/rev={name} --overwrite")


@tag.command("generate")
@_tag_options
def generate(
    target: Target,
    name: str,
    revision: str,
    overwrite: bool,
    webhook_name: str,
    auto_inject_namespaces: bool,
    skip_confirmation: bool,
    manifests: str,
) -> None:
    """Prints what `set` would apply.

    \b
    Example:
      isthmus tag generate prod --revision 1-8-0 | kubectl apply -f -
    """
    from isthmus.install.manifests import text
    from isthmus.install.revision_tags import Tag

    wanted = Tag(name, revision, webhook_name, auto_inject_namespaces)
    click.echo(text(run(_generated(target, wanted, manifests))), nl=False)


@tag.command("list")
@click.option("-o", "--output", type=click.Choice(["table", "json", "yaml"]), default="table", show_default=True)
@cluster_options
def list_tags(target: Target, output: str) -> None:
    """Lists tags, their revisions, and the namespaces that follow them."""
    rows = run(_listed(target))
    if output != "table":
        names = ("tag", "revision", "namespaces")
        shown = [dict(zip(names, (each.tag, each.revision, list(each.namespaces)), strict=True)) for each in rows]
        click.echo(structured(shown, output), nl=False)
    elif not rows:
        click.echo("No Istio revision tag MutatingWebhookConfigurations to list")
    else:
        cells = tuple((each.tag, each.revision, ",".join(each.namespaces)) for each in rows)
        click.echo(render(Table(("TAG", "REVISION", "NAMESPACES"), cells, padding=1)), nl=False)


@tag.command("remove")
@click.argument("name")
@_SKIPS
@cluster_options
def remove(target: Target, name: str, skip_confirmation: bool) -> None:
    """Removes a tag. Pods of namespaces that still name it get no sidecar from then on."""
    namespaces = run(_namespaces(target, name))
    if namespaces and not skip_confirmation:
        listed = ", ".join(namespaces)
        confirm(f'{len(namespaces)} namespaces still follow the tag "{name}": {listed}. Remove it?')
    run(_remove(target, name))
    click.echo(f"Revision tag {name} removed")


async def _set(target: Target, wanted: Tag, manifests: str, *, overwrite: bool) -> None:
    from isthmus.install import tagging

    async with target.client() as client:
        with reading():
            revision, objects = await _rendered(client, target, wanted, manifests)
            await tagging.check_free(client, wanted, overwrite=overwrite)
            await tagging.write(client, objects, wanted, revision)


async def _generated(target: Target, wanted: Tag, manifests: str) -> list[Object]:
    async with target.client() as client:
        with reading():
            return (await _rendered(client, target, wanted, manifests))[1]


async def _rendered(client: Client, target: Target, wanted: Tag, manifests: str) -> tuple[Revision, list[Object]]:
    from isthmus.install.revision_tags import check_name, tag_objects
    from isthmus.install.tagging import installed_revision

    check_name(wanted.name)
    revision = await installed_revision(client, wanted.revision, target.istio_namespace)
    return revision, tag_objects(Operator((), (), manifests, "").charts, wanted, revision)


async def _listed(target: Target) -> list[Listed]:
    from isthmus.install.tagging import listed

    async with target.client() as client:
        return await listed(client)


async def _namespaces(target: Target, name: str) -> tuple[str, ...]:
    from isthmus.install.tagging import namespaces_of

    async with target.client() as client:
        return await namespaces_of(client, name)


async def _remove(target: Target, name: str) -> None:
    from isthmus.install import tagging

    async with target.client() as client:
        with reading():
            await tagging.remove(client, name)
