"""Filter chains of a gateway's servers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from isthmus.model.service import Protocol
from isthmus.protos import pb
from isthmus.translate import names
from isthmus.translate.encoding import Part, part
from isthmus.translate.gateways import http_routes
from isthmus.translate.gateways.binding import Routing
from isthmus.translate.gateways.hosts import covers
from isthmus.translate.gateways.servers import Bound, Opening
from isthmus.translate.gateways.tls_context import server_context
from isthmus.translate.listeners import http_manager
from isthmus.translate.listeners.chain_matches import distinct
from isthmus.translate.listeners.network_filters import tcp_proxy
from isthmus.translate.listeners.tcp_routes import forward, tcp_destinations, tls_chains
from isthmus.translate.routes.virtual_service import Client
from isthmus.translate.values import Fields


def chains(opening: Opening, routing: Routing, *, http10: bool = False) -> Iterable[Part]:
    """The chains of a port, except those of AUTO_PASSTHROUGH."""
    return [_chain(fields) for fields in distinct(_all(opening, routing, http10=http10))]


def _all(opening: Opening, routing: Routing, *, http10: bool) -> Iterable[Fields]:
    if opening.kind == "http":
        yield _http(http_routes.plain_name(opening), opening.port, routing, http10=http10)
        return
    for bound in opening.servers:
        if opening.kind == "tcp":
            yield from _tcp(bound, routing)
        elif bound.carries_http:
            yield _https(bound, opening.port, routing, http10=http10)
        elif bound.terminates_tls:
            yield from _terminated(bound, routing)
        elif bound.server.tls is not None and bound.server.tls.mode == "PASSTHROUGH":
            yield from _passed(bound, routing)


def _http(route: str, port: int, routing: Routing, *, http10: bool) -> Fields:
    return {"filters": [_manager(route, port, routing, http10=http10)]}


def _https(bound: Bound, port: int, routing: Routing, *, http10: bool) -> Fields:
    route = http_routes.secure_name(bound)
    return {"filters": [_manager(route, port, routing, http10=http10)], **_ended(bound, routing, http=True)}


def _manager(route: str, port: int, routing: Routing, *, http10: bool) -> Any:
    prefix, first = f"outbound_0.0.0.0_{port}", routing.authorization.http_filters()
    return http_manager.gateway(route, prefix, routing.mesh, Protocol.HTTP, http10=http10, first=first)


def _terminated(bound: Bound, routing: Routing) -> Iterable[Fields]:
    if filters := _tcp_filters(bound, routing):
        yield {"filters": filters, **_ended(bound, routing, http=False)}


def _tcp(bound: Bound, routing: Routing) -> Iterable[Fields]:
    if filters := _tcp_filters(bound, routing):
        yield {"filters": filters}


def _passed(bound: Bound, routing: Routing) -> Iterable[Fields]:
    """TLS that goes on as it is, to where VirtualServices send its server names."""
    offered = bound.host_names
    client = Client(bound.name, bound.server.port.number)
    for service, _ in routing.bound(bound):
        for fields in tls_chains(service, client, routing.find(service.namespace), routing.mesh):
            wanted = fields["filter_chain_match"]["server_names"]
            if not wanted or any(covers(offer, name) or covers(name, offer) for name in wanted for offer in offered):
                yield {**fields, "filters": [*routing.authorization.network_filters(), *fields["filters"]]}


def _tcp_filters(bound: Bound, routing: Routing) -> list[Any]:
    client = Client(bound.name, bound.server.port.number)
    for service, _ in routing.bound(bound):
        if destinations := tcp_destinations(service, client):
            found = forward(destinations, client, routing.find(service.namespace), routing.mesh)
            return [*routing.authorization.network_filters(), *found]
    # Without a route there is nowhere to go; the port is open all the same, so that the cause shows in statistics.
    return [tcp_proxy(names.BLACK_HOLE, routing.mesh)]


def _ended(bound: Bound, routing: Routing, *, http: bool) -> Fields:
    settings = bound.server.tls
    assert settings is not None, "only servers with TLS settings end TLS"
    match = {} if "*" in bound.host_names else {"server_names": bound.host_names}
    return {"filter_chain_match": match, "transport_socket": server_context(settings, routing.mesh, http=http)}


def _chain(fields: Fields) -> Part:
    return part(pb("envoy.config.listener.v3.FilterChain")(**fields))
