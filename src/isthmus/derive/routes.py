"""Route configurations: virtual hosts per service, gathered in blocks by namespace, joined per scope and port.

A change of one service rebuilds its virtual host and the block of its namespace; the tables of all scopes are
then joined from blocks, which is a copy of bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from isthmus.api.mesh_config import MeshConfig
from isthmus.collections import Collection, Context, Graph
from isthmus.derive.addresses import AddressKey
from isthmus.derive.audiences import ALL, Audiences, in_use
from isthmus.derive.http_ports import HttpPorts
from isthmus.derive.mesh import mesh_config
from isthmus.derive.upstreams import Upstreams
from isthmus.derive.views import Scope
from isthmus.derive.visibility import PUBLIC, Visibility
from isthmus.model.resource import Resource
from isthmus.model.service import Protocol, Resolution, Service, ServicePort
from isthmus.translate import names
from isthmus.translate.encoding import Bundle, Part
from isthmus.translate.routes import configuration as tables
from isthmus.translate.routes import defaults
from isthmus.translate.routes.domains import domains
from isthmus.translate.views import RouteView


class HostKey(NamedTuple):
    """The virtual host of one service port, for one kind of client."""

    hostname: str
    port: int
    view: RouteView


class HostRow(msgspec.Struct, frozen=True):
    """A virtual host in two forms: for clients of the service's own namespace, and for all others."""

    hostname: str
    namespace: str
    port: int
    view: RouteView
    to: tuple[str, ...]  # who may see it, as in ``Export``
    own: Part
    other: Part


class Block(msgspec.Struct, frozen=True):
    """The virtual hosts of one namespace on one port: all of them for itself, the public ones for others."""

    namespace: str
    port: int
    view: RouteView
    own: tuple[Part, ...]
    public: tuple[Part, ...]


class TableKey(NamedTuple):
    """One scope's route configuration of one port."""

    scope: Scope
    view: RouteView
    port: int


class Routes(msgspec.Struct, frozen=True):
    """Declared collections of outbound routes of sidecars."""

    tables: Collection[TableKey, Resource]
    sniffed: Collection[tuple[str, RouteView], Bundle]  # by hostname


def declare(
    graph: Graph,
    upstreams: Upstreams,
    audiences: Audiences,
    addresses: Collection[AddressKey, tuple[str, ...]],
    visibility: Visibility,
    http_ports: HttpPorts,
) -> Routes:
    """Declares route configurations of all scopes."""
    domain = upstreams.domain
    views = in_use(graph, "route views", audiences.by_routes)

    def hosts(ctx: Context, hostname: str, service: Service) -> Mapping[HostKey, HostRow]:
        if service.resolution is Resolution.ALIAS:
            return {}
        export = ctx.get(visibility.exports, hostname)
        found = (
            _host(ctx, service, port, view, export.to if export else ())
            for port in service.ports
            if port.protocol.is_http
            for view in ctx.select(views, ALL)
        )
        return {HostKey(row.hostname, row.port, row.view): row for row in found}

    def _host(ctx: Context, service: Service, port: ServicePort, view: RouteView, to: tuple[str, ...]) -> HostRow:
        vips = ctx.get(addresses, AddressKey(view.cluster, service.hostname)) or ()
        mesh = mesh_config(ctx, domain)
        routes = [defaults.route(service.hostname, port, mesh)]
        name = f"{service.hostname}:{port.number}"
        own, other = (
            tables.virtual_host(name, domains(service, vips, same_namespace=same), routes) for same in (True, False)
        )
        return HostRow(service.hostname, service.namespace, port.number, view, to, own, other)

    rows = graph.derive("virtual hosts", domain.services, hosts)
    by_block = rows.index("block", lambda row: ((row.port, row.view, row.namespace),))
    by_port = rows.index("port", lambda row: ((row.port, row.view),))
    granted = rows.index(
        "granted", lambda row: [(row.port, row.view, to) for to in row.to if to not in (PUBLIC, row.namespace)]
    )
    blocks = graph.group("virtual host blocks", by_block, _block)
    blocks_by_port = blocks.index("port", lambda block: ((block.port, block.view),))
    scopes = in_use(graph, "route scopes", audiences.by_table).collection
    used_ports = http_ports.used.index("all", lambda _: (ALL,))

    def table_keys(ctx: Context, key: tuple[Scope, RouteView], _: object) -> Mapping[TableKey, TableKey]:
        keys = (TableKey(*key, port) for port in ctx.select(used_ports, ALL))
        return {found: found for found in keys}

    def table(ctx: Context, key: TableKey, _: TableKey) -> Mapping[TableKey, Resource]:
        visible = ctx.get(visibility.scopes, key.scope)
        if visible is None:
            return {}
        place = (key.port, key.view)
        if visible.public_too:
            parts = _joined(key.scope.namespace, ctx.select(blocks_by_port, place))
            parts += [row.other for row in ctx.select(granted, (*place, key.scope.namespace))]
        else:
            seen = (row for row in ctx.select(by_port, place) if row.hostname in visible.hosts)
            parts = [row.own if row.namespace == key.scope.namespace else row.other for row in seen]
        last = tables.catch_all(allow_any=key.view.allow_any)
        return {key: tables.configuration(str(key.port), [*parts, last])}

    def sniffed(ctx: Context, hostname: str, service: Service) -> Mapping[tuple[str, RouteView], Bundle]:
        ports = [port for port in service.ports if port.protocol is Protocol.AUTO]
        if not ports or service.resolution is Resolution.ALIAS:
            return {}
        mesh = mesh_config(ctx, domain)
        found = {names.sniffed_route(hostname, port.number): port for port in ports}
        bundle = {
            name: tables.configuration(name, [_any_host(name, hostname, port, mesh)]) for name, port in found.items()
        }
        return {(hostname, view): bundle for view in ctx.select(views, ALL)}

    return Routes(
        tables=graph.derive("route tables", graph.derive("route table keys", scopes, table_keys), table),
        sniffed=graph.derive("sniffed routes", domain.services, sniffed),
    )


def _granted(row: HostRow, client: str) -> bool:
    return client not in (PUBLIC, row.namespace)


def _any_host(name: str, hostname: str, port: ServicePort, mesh: MeshConfig) -> Part:
    # The listener is the service's own, so whatever host the client names, the service is meant.
    return tables.virtual_host(name, ["*"], [defaults.route(hostname, port, mesh)])


def _block(
    _: Context, key: tuple[int, RouteView, str], rows: tuple[HostRow, ...]
) -> Mapping[tuple[int, RouteView, str], Block]:
    port, view, namespace = key
    own = tuple(row.own for row in rows if PUBLIC in row.to or namespace in row.to)
    public = tuple(row.other for row in rows if PUBLIC in row.to)
    return {key: Block(namespace, port, view, own, public)}


def _joined(namespace: str, blocks: Iterable[Block]) -> list[Part]:
    return [part for block in blocks for part in (block.own if block.namespace == namespace else block.public)]
