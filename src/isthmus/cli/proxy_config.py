"""``proxy-config``: what a proxy has, read from its admin page or from a file.

Knows the commands and their options; ``envoy`` makes tables out of the dumps.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
import msgspec

from isthmus.cli.columns import Table, render
from isthmus.cli.envoy import bootstrap as bootstraps
from isthmus.cli.envoy import clusters, endpoints, listeners, routes
from isthmus.cli.outputs import structured
from isthmus.cli.proxy_source import ProxySource, source_options

Command = TypeVar("Command", bound=Callable[..., Any])

_ALIASES = {
    "a": "all",
    "b": "bootstrap",
    "c": "clusters",
    "cluster": "clusters",
    "endpoint": "endpoints",
    "ep": "endpoints",
    "l": "listeners",
    "listener": "listeners",
    "r": "routes",
    "route": "routes",
    "s": "secret",
    "secrets": "secret",
}


class _AliasedGroup(click.Group):
    """A group whose commands also answer to ``istioctl``'s short names."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, _ALIASES.get(cmd_name, cmd_name))


@click.group("proxy-config", cls=_AliasedGroup)
def proxy_config() -> None:
    """Shows the configuration that a proxy has now.

    A pod is named NAME.NAMESPACE, NAME with -n, or deploy/NAME.NAMESPACE.

    \b
    Examples:
      isthmus proxy-config clusters deploy/helloworld-v1.sample
      isthmus proxy-config endpoints sleep-5f8.sample --cluster "outbound|5000||helloworld.sample.svc.cluster.local"
      isthmus proxy-config listeners deploy/sleep -n sample --port 15006
      isthmus proxy-config all -f config_dump.json
    """


def _output(*choices: str, default: str = "short") -> Callable[[Command], Command]:
    return click.option(
        "-o", "--output", type=click.Choice(choices or ("short", "json", "yaml")), default=default, show_default=True
    )


@proxy_config.command("clusters")
@click.option("--fqdn", default="", help="Only clusters whose service name contains this.")
@click.option("--port", type=int, default=0, help="Only clusters of this port.")
@click.option("--subset", default="", help="Only clusters of this subset.")
@click.option("--direction", type=click.Choice(["inbound", "outbound"]), help="Only clusters of this direction.")
@_output()
@source_options
def _clusters(source: ProxySource, output: str, fqdn: str, port: int, subset: str, direction: str | None) -> None:
    """Clusters: what the proxy may connect to."""
    wanted = clusters.ClusterFilter(fqdn, port, subset, direction or "")
    found = clusters.clusters(source.config_dump(), wanted)
    _show(found, output, "envoy.config.cluster.v3.Cluster", lambda: clusters.table(found))


@proxy_config.command("listeners")
@click.option("--address", default="", help="Only listeners on this address.")
@click.option("--port", type=int, default=0, help="Only listeners on this port.")
@click.option("--type", "kind", type=click.Choice(["HTTP", "TCP"], case_sensitive=False), help="Only of this type.")
@click.option("--verbose/--no-verbose", default=True, help="One line per filter chain, or per listener.")
@_output()
@source_options
def _listeners(source: ProxySource, output: str, address: str, port: int, kind: str | None, verbose: bool) -> None:
    """Listeners: where the proxy takes connections, and where they lead."""
    found = listeners.listeners(source.config_dump(), listeners.ListenerFilter(address, port, kind or ""))
    make = listeners.table if verbose else listeners.brief_table
    _show(found, output, "envoy.config.listener.v3.Listener", lambda: make(found))


@proxy_config.command("routes")
@click.option("--name", default="", help="Only the route configuration of this name.")
@click.option("--verbose/--no-verbose", default=True, hidden=True)
@_output()
@source_options
def _routes(source: ProxySource, output: str, name: str, verbose: bool) -> None:
    """Routes: which request goes to which cluster."""
    found = routes.routes(source.config_dump(), routes.RouteFilter(name))
    _show(found, output, "envoy.config.route.v3.RouteConfiguration", lambda: routes.table(found))


@proxy_config.command("endpoints")
@click.option("--address", default="", help="Only endpoints with this address.")
@click.option("--port", type=int, default=0, help="Only endpoints with this port.")
@click.option("--cluster", default="", help="Only endpoints of this cluster.")
@click.option("--status", default="", help="Only endpoints in this state (healthy, unhealthy, draining).")
@_output()
@source_options
def _endpoints(source: ProxySource, output: str, address: str, port: int, cluster: str, status: str) -> None:
    """Endpoints: the hosts of every cluster and their health. A file must hold the answer of /clusters?format=json."""
    wanted = endpoints.EndpointFilter(address, port, cluster, status)
    found = endpoints.endpoints(source.cluster_statuses(), wanted)
    _show(found, output, "envoy.admin.v3.ClusterStatus", lambda: endpoints.table(found))


@proxy_config.command("eds")
@click.option("--cluster", default="", help="Only endpoints of this cluster.")
@_output()
@source_options
def _eds(source: ProxySource, output: str, cluster: str) -> None:
    """Endpoints with their localities, those that are used first at the top of each cluster."""
    found = endpoints.endpoints(source.cluster_statuses(), endpoints.EndpointFilter(cluster=cluster))
    _show(found, output, "envoy.admin.v3.ClusterStatus", lambda: endpoints.locality_table(found))


@proxy_config.command("secret")
@_output()
@source_options
def _secret(source: ProxySource, output: str) -> None:
    """Secrets: the certificates and roots that the proxy has."""
    from isthmus.cli.envoy import secrets

    dump = source.config_dump()
    found = secrets.secrets(dump)
    message = "envoy.admin.v3.SecretsConfigDump"
    _show(found, output, message, lambda: secrets.table(secrets.rows(dump, datetime.now(UTC))))


@proxy_config.command("bootstrap")
@_output("json", "yaml", "short", default="json")
@source_options
def _bootstrap(source: ProxySource, output: str) -> None:
    """Bootstrap: what the proxy was started with."""
    found = bootstraps.bootstrap(source.config_dump())
    _show(found, output, "envoy.admin.v3.BootstrapConfigDump", lambda: bootstraps.table(found))


@proxy_config.command("all")
@_output()
@source_options
def _all(source: ProxySource, output: str) -> None:
    """Clusters, listeners, routes, secrets and endpoints, one table after the other."""
    dump = source.config_dump(include_endpoints=output != "short")
    if output != "short":
        click.echo(structured(dump, output), nl=False)
        return
    tables = _tables(dump)
    if not source.is_file:
        statuses = source.cluster_statuses()
        tables.append(endpoints.table(endpoints.endpoints(statuses, endpoints.EndpointFilter())))
    click.echo("\n".join(render(table) for table in tables), nl=False)


def _tables(dump: dict[str, Any]) -> list[Table]:
    from isthmus.cli.envoy import secrets

    return [
        clusters.table(clusters.clusters(dump, clusters.ClusterFilter())),
        listeners.table(listeners.listeners(dump, listeners.ListenerFilter())),
        routes.table(routes.routes(dump, routes.RouteFilter())),
        secrets.table(secrets.rows(dump, datetime.now(UTC))),
    ]


def _show(found: Any, output: str, message: str, table: Callable[[], Table]) -> None:
    if output == "short":
        click.echo(render(table()), nl=False)
        return
    from isthmus.cli.envoy.json_names import camel_names

    named = [camel_names(entry, message) for entry in found] if isinstance(found, list) else camel_names(found, message)
    click.echo(structured(msgspec.to_builtins(named), output), nl=False)
