"""Outbound listeners: per service, per HTTP port, and the catch-all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from isthmus.collections import Collection, Context, Graph, Index
from isthmus.derive.addresses import AddressKey
from isthmus.derive.audiences import ALL, Audiences, in_use
from isthmus.derive.http_ports import HttpPorts
from isthmus.derive.mesh import mesh_config
from isthmus.derive.plans import GENERAL
from isthmus.derive.views import Scope
from isthmus.derive.virtual_hosts import Sources
from isthmus.model.endpoint import Health, ServiceEndpoints
from isthmus.model.resource import Resource
from isthmus.model.service import Protocol, Resolution, Service, ServicePort
from isthmus.translate.encoding import Bundle
from isthmus.translate.listeners import outbound, tcp_routes
from isthmus.translate.routes.virtual_service import MESH, Client
from isthmus.translate.views import OutboundView


class ListenerKey(NamedTuple):
    """The listeners of one service for one kind of client."""

    hostname: str
    view: OutboundView
    scope: Scope


class ServiceListeners(msgspec.Struct, frozen=True):
    """Listeners of one service. Of several services that want one address and port the oldest gets it."""

    hostname: str
    created: str
    view: OutboundView
    scope: Scope
    bundle: Bundle


class Listeners(msgspec.Struct, frozen=True):
    """Declared collections of outbound listeners."""

    services: Collection[ListenerKey, ServiceListeners]
    by_name: Index[tuple[OutboundView, str], ListenerKey, ServiceListeners]
    ports: Collection[tuple[int, OutboundView], Resource]
    catch_all: Collection[OutboundView, Resource]


def declare(graph: Graph, sources: Sources, audiences: Audiences, http_ports: HttpPorts) -> Listeners:
    """Declares listeners for all services, HTTP ports and views."""
    domain = sources.domain
    views = in_use(graph, "outbound views", audiences.by_outbound)
    scopes = in_use(graph, "outbound scopes", audiences.by_listener)

    def keys(ctx: Context, hostname: str, service: Service) -> Mapping[ListenerKey, ListenerKey]:
        if not any(_own_listener(port) for port in service.ports) or service.resolution is Resolution.ALIAS:
            return {}
        if sources.plans.of_service(ctx, hostname).special:
            found = [ListenerKey(hostname, view, scope) for scope, view in ctx.select(scopes, ALL)]
        else:
            found = [ListenerKey(hostname, view, GENERAL) for view in ctx.select(views, ALL)]
        return {key: key for key in found}

    def of_service(ctx: Context, key: ListenerKey, _: ListenerKey) -> Mapping[ListenerKey, ServiceListeners]:
        service = ctx.get(domain.services, key.hostname)
        if service is None:
            return {}
        mesh = mesh_config(ctx, domain)
        listeners = (
            outbound.on_addresses(key.view, port, place, key.hostname, mesh, _chains(ctx, sources, key, port))
            for port, places in _places(ctx, sources, key.view, service).items()
            if _own_listener(port)
            for place in places
        )
        bundle = outbound.service_listeners(listeners)
        return {key: ServiceListeners(key.hostname, service.created, key.view, key.scope, bundle)} if bundle else {}

    def port_keys(ctx: Context, port: int, _: int) -> Mapping[tuple[int, OutboundView], OutboundView]:
        return {(port, view): view for view in ctx.select(views, ALL)}

    def of_port(ctx: Context, key: tuple[int, OutboundView], view: OutboundView) -> Mapping[Any, Resource]:
        mesh = mesh_config(ctx, domain)
        return {} if outbound.is_reserved(key[0], mesh) else {key: outbound.http_port(view, key[0], mesh)}

    services = graph.derive("service listeners", graph.derive("listener keys", domain.services, keys), of_service)
    return Listeners(
        services=services,
        by_name=services.index("name", lambda row: [(row.view, name) for name in row.bundle]),
        ports=graph.derive("port listeners", graph.derive("port listener keys", http_ports.used, port_keys), of_port),
        catch_all=graph.derive(
            "catch-all listeners",
            views.collection,
            lambda ctx, view, _: {view: outbound.catch_all(view, mesh_config(ctx, domain))},
        ),
    )


def _own_listener(port: ServicePort) -> bool:
    return not port.protocol.is_http and port.protocol is not Protocol.UDP


def _chains(ctx: Context, sources: Sources, key: ListenerKey, port: ServicePort) -> tcp_routes.TcpChains:
    mesh = mesh_config(ctx, sources.domain)
    known = sources.hosts.find(ctx, "", key.scope)(key.hostname)
    default = tcp_routes.to_service(key.hostname, port.number, known.policy.effective(port.number), mesh)
    chosen = sources.plans.of_service(ctx, key.hostname).chosen(key.scope)
    service = ctx.get(sources.usable.virtual_services, chosen) if chosen else None
    if service is None:
        return tcp_routes.TcpChains(default)
    client = Client(MESH, port.number, key.scope.namespace, dict(key.scope.labels))
    find = sources.hosts.find(ctx, service.namespace, key.scope)
    return tcp_routes.chains(service, client, find, default, mesh)


def _places(
    ctx: Context, sources: Sources, view: OutboundView, service: Service
) -> Mapping[ServicePort, Sequence[tuple[str, ...]]]:
    """The addresses of each port: one listener with all virtual addresses, or one per pod of a headless service."""
    if service.resolution is Resolution.HEADLESS:
        endpoints = ctx.get(sources.domain.endpoints, service.hostname) or ServiceEndpoints(service.hostname, {})
        return {port: _pod_addresses(view, service, port, endpoints) for port in service.ports}
    found = ctx.get(sources.addresses, AddressKey(view.cluster, service.hostname)) or ()
    usable = tuple(address for address in found if view.families.has(address))
    return {port: [usable] if usable else [] for port in service.ports}


def _pod_addresses(
    view: OutboundView, service: Service, port: ServicePort, endpoints: ServiceEndpoints
) -> Sequence[tuple[str, ...]]:
    """Each endpoint's address on the client's own network; other networks cannot be reached without a gateway."""
    return [
        (endpoint.address,)
        for endpoint in endpoints.ports.get(port.name, ())
        if "" in (view.network, endpoint.network) or view.network == endpoint.network
        if endpoint.health is Health.HEALTHY or service.publish_not_ready
        if not service.cluster_local or endpoint.cluster == view.cluster
        if view.families.has(endpoint.address)
    ]
