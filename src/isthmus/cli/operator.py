"""`operator`: installs, shows, removes and runs the operator of `Istio` resources."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from isthmus.cli.options import Target, cluster_options, run
from isthmus.cli.progress import LineProgress

if TYPE_CHECKING:
    from isthmus.operator.installation import Order

Command = TypeVar("Command", bound=Callable[..., Any])


@click.group("operator")
def operator() -> None:
    """The operator: control planes from `Istio` resources.

    \b
    Examples:
      isthmus operator install --context=cluster1
      kubectl apply -f istio.yaml && kubectl wait --for=condition=Ready istio/default
    """


def order_options(function: Command) -> Command:
    """Adds `--operator-namespace -s`; the command gets them as `order`."""

    @click.option(
        "--operator-namespace",
        default="istio-operator",
        show_default=True,
        metavar="NAMESPACE",
        help="Where the operator runs.",
    )
    @click.option(
        "-s",
        "--set",
        "settings",
        multiple=True,
        metavar="PATH=VALUE",
        help="Override a value of charts/operator, for example defaultProfile=openshift.",
    )
    @functools.wraps(function)
    def with_order(*args: Any, operator_namespace: str, settings: tuple[str, ...], **rest: Any) -> Any:
        from isthmus.operator.installation import Order

        return function(*args, order=Order(operator_namespace, settings), **rest)

    return with_order  # type: ignore[return-value] # the decorated function has other parameters by design


@operator.command("install")
@order_options
@click.option("--dry-run", is_flag=True, help="Show what would be applied; change nothing.")
@click.option(
    "--readiness-timeout", default="300s", show_default=True, metavar="DURATION", help="How long to wait for it."
)
@cluster_options
def install(target: Target, order: Order, dry_run: bool, readiness_timeout: str) -> None:
    """Installs or updates the operator and its CRDs. Safe to repeat.

    \b
    Examples:
      isthmus operator install
      isthmus operator install --context=cluster1 --set hub=registry.example.com/isthmus
    """
    from isthmus.api.duration import seconds

    try:
        limit = seconds(readiness_timeout)
    except ValueError as problem:
        raise click.BadParameter(str(problem), param_hint="--readiness-timeout") from None
    if dry_run:
        _show(order)
        return
    _run(_install(target, order, limit, LineProgress()))
    click.echo("✔ The operator is ready: create an Istio resource")


async def _install(target: Target, order: Order, limit: float, progress: LineProgress) -> None:
    from isthmus.operator.installation import install as apply

    async with target.client() as client:
        await apply(client, order, limit, progress)
    progress.clear()


@operator.command("dump")
@order_options
def dump(order: Order) -> None:
    """Prints the operator's manifests; no cluster is asked.

    \b
    Examples:
      isthmus operator dump | kubectl apply -f -
    """
    from isthmus.install.manifests import text

    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": order.namespace}}
    click.echo(text([namespace, *_rendered(order)]), nl=False)


@operator.command("uninstall")
@order_options
@click.option("--purge", is_flag=True, help="The CRDs of Istio's kinds, and with them their objects, too.")
@cluster_options
def uninstall(target: Target, order: Order, purge: bool) -> None:
    """Removes the operator, its CRDs and its namespace. Its resources must be deleted before.

    \b
    Examples:
      kubectl delete istio --all && kubectl delete istiocni --all
      isthmus operator uninstall
    """
    _run(_uninstall(target, order, purge=purge, progress=LineProgress()))
    click.echo("✔ The operator is gone")


async def _uninstall(target: Target, order: Order, *, purge: bool, progress: LineProgress) -> None:
    from isthmus.operator.installation import uninstall as take_away

    async with target.client() as client:
        await take_away(client, order, purge=purge, progress=progress)
    progress.clear()


@operator.command("run")
@click.option("--http-address", default=":8080", show_default=True, metavar="HOST:PORT", help="Health and metrics.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="[default: info]")
@cluster_options
def run_operator(target: Target, http_address: str, log_level: str | None) -> None:
    """Runs the operator: in a pod, or beside a cluster.

    Read from the environment: POD_NAMESPACE, POD_NAME (of its lease), HUB, TAG, DEFAULT_PROFILE, LOG_LEVEL.

    \b
    Examples:
      isthmus operator run --context=cluster1 --http-address=127.0.0.1:8080
    """
    import msgspec

    from isthmus.control_plane.addresses import Address
    from isthmus.operator.process import run as run_process
    from isthmus.operator.settings import from_environment

    try:
        address = Address.parse(http_address)
    except ValueError as problem:
        raise click.BadParameter(str(problem), param_hint="--http-address") from None
    settings = from_environment(os.environ)
    run_process(
        msgspec.structs.replace(
            settings,
            kubeconfig=target.kubeconfig,
            context=target.context,
            http=address,
            log_level=log_level or settings.log_level,
        )
    )


def _run(work: Any) -> None:
    from isthmus.install.errors import InstallError

    try:
        run(work)
    except InstallError as problem:
        raise click.ClickException(str(problem)) from None


def _rendered(order: Order) -> list[dict[str, Any]]:
    from isthmus.install.errors import InstallError
    from isthmus.operator.installation import rendered

    try:
        return rendered(order)
    except InstallError as problem:
        raise click.ClickException(str(problem)) from None


def _show(order: Order) -> None:
    from isthmus.install.manifests import identity

    for found in _rendered(order):
        click.echo(f"  {identity(found)}")
    click.echo("Dry run: nothing was changed.")
