"""Virtual hosts of sidecars: one per service port, in the forms that clients need.

Rows of the scope ``GENERAL`` serve every client; where the outcome depends on the client there is a row per
scope instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from isthmus.collections import Collection, Context, Graph, Index
from isthmus.derive.addresses import AddressKey
from isthmus.derive.audiences import ALL, Audiences, in_use
from isthmus.derive.blocks import Piece
from isthmus.derive.domain import Domain
from isthmus.derive.hosts import Hosts
from isthmus.derive.mesh import mesh_config
from isthmus.derive.plans import GENERAL, Plan, Plans
from isthmus.derive.usable import Usable
from isthmus.derive.views import Scope
from isthmus.derive.visibility import PUBLIC, Visibility
from isthmus.model.resource import Resource
from isthmus.model.service import Resolution, Service, ServicePort
from isthmus.translate import names
from isthmus.translate.encoding import Part
from isthmus.translate.routes import configuration as tables
from isthmus.translate.routes import defaults
from isthmus.translate.routes.domains import domains
from isthmus.translate.routes.virtual_service import MESH, Client, http_routes
from isthmus.translate.types import VIRTUAL_HOST
from isthmus.translate.values import Fields
from isthmus.translate.views import RouteView

_OTHER_HOSTS_PORT = 80  # hosts that are no services are routed on the plain HTTP port only (Istio)


class HostKey(NamedTuple):
    """The virtual host of one service port, for one kind of client."""

    hostname: str
    port: int
    view: RouteView
    scope: Scope


class Sources(msgspec.Struct, frozen=True):
    """Everything that virtual hosts are made from."""

    domain: Domain
    hosts: Hosts
    plans: Plans
    usable: Usable
    visibility: Visibility
    addresses: Collection[AddressKey, tuple[str, ...]]

    def routes(self, ctx: Context, plan: Plan, port: ServicePort, scope: Scope) -> list[Fields]:
        """The routes of a service port for a scope: its VirtualService's, else the default one."""
        mesh = mesh_config(ctx, self.domain)
        chosen = plan.chosen(scope)
        service = ctx.get(self.usable.virtual_services, chosen) if chosen else None
        if service is not None and service.spec.http:
            client = Client(MESH, port.number, scope.namespace, dict(scope.labels))
            return http_routes(service, client, self.hosts.find(ctx, service.namespace, scope), mesh)
        known = self.hosts.find(ctx, "", scope)(plan.hostname)
        return [defaults.route(known, port, mesh, sidecar=True)]


class VirtualHosts(msgspec.Struct, frozen=True):
    """Declared collections of virtual hosts."""

    services: Collection[HostKey, Piece]
    others: Collection[HostKey, Piece]
    clients: Clients


class Clients(msgspec.Struct, frozen=True):
    """The kinds of clients that are connected."""

    views: Index[str, RouteView, RouteView]
    scopes: Index[str, tuple[Scope, RouteView], tuple[Scope, RouteView]]

    def of(self, ctx: Context, plan: Plan) -> Sequence[tuple[Scope, RouteView]]:
        """For whom a plan has to be worked out apart."""
        if plan.special:
            return ctx.select(self.scopes, ALL)
        return [(GENERAL, view) for view in ctx.select(self.views, ALL)]


def declare(graph: Graph, sources: Sources, audiences: Audiences) -> VirtualHosts:
    """Declares the virtual hosts of services and of other hosts that VirtualServices name."""
    clients = Clients(
        views=in_use(graph, "route views", audiences.by_routes),
        scopes=in_use(graph, "route scopes", audiences.by_table),
    )

    def of_service(ctx: Context, hostname: str, service: Service) -> Mapping[HostKey, Piece]:
        if service.resolution is Resolution.ALIAS:
            return {}
        plan = sources.plans.of_service(ctx, hostname)
        ports = [port for port in service.ports if port.protocol.is_http]
        return {
            HostKey(hostname, port.number, view, scope): _service_row(ctx, sources, service, port, (plan, scope, view))
            for port in ports
            for scope, view in clients.of(ctx, plan)
        }

    def of_other(ctx: Context, host: str, plan: Plan) -> Mapping[HostKey, Piece]:
        rows = {
            HostKey(host, _OTHER_HOSTS_PORT, view, scope): _other_row(ctx, sources, plan, scope, view)
            for scope, view in clients.of(ctx, plan)
        }
        return {key: row for key, row in rows.items() if row}

    return VirtualHosts(
        services=graph.derive("virtual hosts", sources.domain.services, of_service),
        others=graph.derive("virtual hosts of others", sources.plans.others, of_other),
        clients=clients,
    )


def _service_row(
    ctx: Context, sources: Sources, service: Service, port: ServicePort, client: tuple[Plan, Scope, RouteView]
) -> Piece:
    plan, scope, view = client
    export = ctx.get(sources.visibility.exports, service.hostname)
    vips = ctx.get(sources.addresses, AddressKey(view.cluster, service.hostname)) or ()
    routes = sources.routes(ctx, plan, port, scope)
    name = names.virtual_host(service.hostname, port.number, piecewise=view.piecewise)
    own, other = (
        tables.virtual_host(name, domains(service, vips, same_namespace=same), routes) for same in (True, False)
    )
    to = export.to if export else ()
    alone = _alone(name, own, other) if view.piecewise else None
    return Piece((port.number, view), service.hostname, service.namespace, to, own, other, scope, alone=alone)


def _other_row(ctx: Context, sources: Sources, plan: Plan, scope: Scope, view: RouteView) -> Piece | None:
    chosen = plan.chosen(scope)
    service = ctx.get(sources.usable.virtual_services, chosen) if chosen else None
    if service is None or chosen is None or plan.hostname == "*":
        return None
    mesh = mesh_config(ctx, sources.domain)
    client = Client(MESH, _OTHER_HOSTS_PORT, scope.namespace, dict(scope.labels))
    routes = http_routes(service, client, sources.hosts.find(ctx, service.namespace, scope), mesh)
    if not routes:
        return None
    name = names.virtual_host(plan.hostname, _OTHER_HOSTS_PORT, piecewise=view.piecewise)
    part = tables.virtual_host(name, [plan.hostname.lower()], routes)
    to = next((one.to for one in plan.candidates if one.key == chosen), (PUBLIC,))
    place = (_OTHER_HOSTS_PORT, view)
    alone = _alone(name, part, part) if view.piecewise else None
    return Piece(place, plan.hostname, service.namespace, to, part, part, scope, is_service=False, alone=alone)


def _alone(name: str, own: Part, other: Part) -> tuple[Resource, Resource]:
    first, second = (Resource(name, VIRTUAL_HOST, part.body, part.version) for part in (own, other))
    return first, second
