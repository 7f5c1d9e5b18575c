"""Route configurations of sidecars: virtual hosts gathered in blocks by namespace, joined per scope and port.

A change of one service rebuilds its virtual host and the block of its namespace; the tables of all scopes are
then joined from blocks, which is a copy of bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from isthmus.collections import Collection, Context, Graph, Index
from isthmus.derive.audiences import ALL
from isthmus.derive.http_ports import HttpPorts
from isthmus.derive.plans import GENERAL
from isthmus.derive.views import Scope
from isthmus.derive.virtual_hosts import HostKey, HostRow, Sources, VirtualHosts
from isthmus.derive.visibility import PUBLIC, Visible
from isthmus.model.resource import Resource
from isthmus.model.service import Protocol, Resolution, Service
from isthmus.translate import names
from isthmus.translate.encoding import Bundle, Part
from isthmus.translate.routes import configuration as tables
from isthmus.translate.views import RouteView

Place = tuple[int, RouteView]  # port, and who asks


class Block(msgspec.Struct, frozen=True):
    """The virtual hosts of one namespace on one port: all of them for itself, the public ones for others."""

    namespace: str
    place: Place
    own: Part
    public: Part


class TableKey(NamedTuple):
    """One scope's route configuration of one port."""

    scope: Scope
    view: RouteView
    port: int


class Routes(msgspec.Struct, frozen=True):
    """Declared collections of outbound routes of sidecars."""

    tables: Collection[TableKey, Resource]
    sniffed: Collection[tuple[str, RouteView, Scope], Bundle]  # by hostname


class _Rows(msgspec.Struct, frozen=True):
    """Where a table finds its virtual hosts."""

    blocks: Index[Place, tuple[Place, str], Block]
    granted: Index[tuple[Place, str], HostKey, HostRow]  # general rows shown to single namespaces by name
    special: Index[tuple[Place, Scope], HostKey, HostRow]
    general: Index[Place, HostKey, HostRow]


def declare(graph: Graph, sources: Sources, hosts: VirtualHosts, http_ports: HttpPorts) -> Routes:
    """Declares route configurations of all scopes."""
    found = (_rows(graph, "services", hosts.services), _rows(graph, "other hosts", hosts.others))
    used_ports = http_ports.used.index("all", lambda _: (ALL,))

    def table_keys(ctx: Context, key: tuple[Scope, RouteView], _: object) -> Mapping[TableKey, TableKey]:
        keys = (TableKey(*key, port) for port in ctx.select(used_ports, ALL))
        return {one: one for one in keys}

    def table(ctx: Context, key: TableKey, _: TableKey) -> Mapping[TableKey, Resource]:
        visible = ctx.get(sources.visibility.scopes, key.scope)
        if visible is None:
            return {}
        parts = [part for rows in found for part in _parts(ctx, rows, key, visible)]
        return {key: tables.configuration(str(key.port), [*parts, _last(allow_any=key.view.allow_any)])}

    def sniffed(ctx: Context, hostname: str, service: Service) -> Mapping[tuple[str, RouteView, Scope], Bundle]:
        ports = [port for port in service.ports if port.protocol is Protocol.AUTO]
        if not ports or service.resolution is Resolution.ALIAS:
            return {}
        plan = sources.plans.of_service(ctx, hostname)
        result: dict[tuple[str, RouteView, Scope], Bundle] = {}
        for scope, view in hosts.clients.of(ctx, plan):
            of_ports = {names.sniffed_route(hostname, port.number): port for port in ports}
            routes = {name: sources.routes(ctx, plan, port, scope) for name, port in of_ports.items()}
            # The listener is the service's own, so whatever host the client names, the service is meant.
            parts = {name: tables.virtual_host(name, ["*"], found) for name, found in routes.items()}
            result[hostname, view, scope] = {
                name: tables.configuration(name, [tables.block([part])]) for name, part in parts.items()
            }
        return result

    keys = graph.derive("route table keys", hosts.clients.scopes.collection, table_keys)
    return Routes(
        tables=graph.derive("route tables", keys, table),
        sniffed=graph.derive("sniffed routes", sources.domain.services, sniffed),
    )


def _rows(graph: Graph, name: str, rows: Collection[HostKey, HostRow]) -> _Rows:
    by_block = rows.index("block", lambda row: [((row.port, row.view), row.namespace)] if row.scope == GENERAL else ())
    blocks = graph.group(f"virtual host blocks of {name}", by_block, _block)
    return _Rows(
        blocks=blocks.index("place", lambda block: (block.place,)),
        granted=rows.index("granted", lambda row: [((row.port, row.view), to) for to in _granted(row)]),
        special=rows.index("special", lambda row: [((row.port, row.view), row.scope)] if row.scope != GENERAL else ()),
        general=rows.index("general", lambda row: [(row.port, row.view)] if row.scope == GENERAL else ()),
    )


def _block(_: Context, key: tuple[Place, str], rows: tuple[HostRow, ...]) -> Mapping[tuple[Place, str], Block]:
    place, namespace = key
    own = [row.own for row in rows if PUBLIC in row.to or namespace in row.to]
    public = [row.other for row in rows if PUBLIC in row.to]
    return {key: Block(namespace, place, tables.block(own), tables.block(public))}


def _granted(row: HostRow) -> Iterable[str]:
    return [client for client in row.to if client not in (PUBLIC, row.namespace)] if row.scope == GENERAL else ()


def _parts(ctx: Context, rows: _Rows, key: TableKey, visible: Visible) -> Iterable[Part]:
    place, client = (key.port, key.view), key.scope.namespace
    single = [row for row in ctx.select(rows.special, (place, key.scope)) if PUBLIC in row.to or client in row.to]
    if visible.public_too:
        for block in ctx.select(rows.blocks, place):
            yield block.own if block.namespace == client else block.public
        single += ctx.select(rows.granted, (place, client))
    else:
        general = ctx.select(rows.general, place)
        single = [row for row in (*general, *single) if _imported(row, client, visible)]
    if single:
        yield tables.block([row.form(client) for row in single])


def _imported(row: HostRow, client: str, visible: Visible) -> bool:
    if row.is_service:
        return row.hostname in visible.hosts
    return (PUBLIC in row.to or client in row.to) and visible.imports(client, row.namespace, row.hostname)


def _last(*, allow_any: bool) -> Part:
    return tables.block([tables.catch_all(allow_any=allow_any)])
