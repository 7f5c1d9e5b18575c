"""Route configurations of a gateway's HTTP servers: a virtual host per host, with routes of VirtualServices.

Several VirtualServices for one host add up, the oldest first; what catches everything goes last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from isthmus.model.resource import Resource
from isthmus.protos import pb
from isthmus.translate.encoding import Part, part
from isthmus.translate.gateways.binding import Routing
from isthmus.translate.gateways.servers import Bound, Opening
from isthmus.translate.routes import configuration as tables
from isthmus.translate.routes.virtual_service import Client, http_routes
from isthmus.translate.values import Fields

_EVERYTHING = {"prefix": "/"}


def plain_name(opening: Opening) -> str:
    """The route configuration that all plain HTTP servers of a port share."""
    return f"http.{opening.port}{_bind(opening.bind)}"


def secure_name(bound: Bound) -> str:
    """The route configuration of one HTTPS server."""
    port, (namespace, name) = bound.server.port, bound.gateway
    return f"https.{port.number}.{port.name}.{name}.{namespace}{_bind(bound.server.bind)}"


def route_tables(opening: Opening, routing: Routing) -> Iterable[Resource]:
    """The route configurations of a port's servers."""
    if opening.kind == "http":
        yield _table(plain_name(opening), opening.servers, routing)
    for bound in opening.servers:
        if opening.kind == "tls" and bound.carries_http:
            yield _table(secure_name(bound), [bound], routing)


def _table(name: str, servers: Sequence[Bound], routing: Routing) -> Resource:
    routes: dict[str, list[Fields]] = {}
    redirected: set[str] = set()
    for bound in servers:
        found = _routes(bound, routing)
        if bound.server.tls is not None and bound.server.tls.https_redirect:
            redirected.update(found, own := bound.host_names)
            found = {host: found.get(host, []) for host in (*found, *own)}
        for host, added in found.items():
            routes.setdefault(host, []).extend(added)
    port = servers[0].server.port.number
    parts = [_host(host, port, added, redirect=host in redirected) for host, added in routes.items()]
    return tables.configuration(name, [tables.block(parts or [_nothing(port)])])


def _routes(bound: Bound, routing: Routing) -> dict[str, list[Fields]]:
    """The routes of one server by host."""
    client = Client(bound.name, bound.server.port.number)
    routes: dict[str, list[Fields]] = {}
    for service, hosts in routing.bound(bound):
        if found := http_routes(service, client, routing.find(service.namespace), routing.mesh):
            for host in hosts:
                routes.setdefault(host.lower(), []).extend(found)
    return routes


def _host(host: str, port: int, routes: list[Fields], *, redirect: bool) -> Part:
    return part(
        pb("envoy.config.route.v3.VirtualHost")(
            name=f"{host}:{port}",
            domains=[host],
            routes=sorted(routes, key=lambda route: route["match"] == _EVERYTHING),
            include_request_attempt_count=True,
            require_tls="ALL" if redirect else "NONE",
        )
    )


def _nothing(port: int) -> Part:
    """Every request gets a 404."""
    return part(pb("envoy.config.route.v3.VirtualHost")(name=f"blackhole:{port}", domains=["*"]))


def _bind(address: str) -> str:
    return f".{address}" if address else ""
