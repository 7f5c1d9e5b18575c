"""Route configurations of sidecars: one per scope and HTTP port, and one per port whose protocol is sniffed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from isthmus.collections import Collection, Context, Graph
from isthmus.derive import blocks
from isthmus.derive.audiences import ALL
from isthmus.derive.http_ports import HttpPorts
from isthmus.derive.views import Scope
from isthmus.derive.virtual_hosts import Sources, VirtualHosts
from isthmus.model.resource import Resource
from isthmus.model.service import Protocol, Resolution, Service
from isthmus.translate import names
from isthmus.translate.encoding import Bundle, Part
from isthmus.translate.routes import configuration as tables
from isthmus.translate.views import RouteView


class TableKey(NamedTuple):
    """One scope's route configuration of one port."""

    scope: Scope
    view: RouteView
    port: int


class Routes(msgspec.Struct, frozen=True):
    """Declared collections of outbound routes of sidecars."""

    tables: Collection[TableKey, Resource]
    sniffed: Collection[tuple[str, RouteView, Scope], Bundle]  # by hostname


def declare(graph: Graph, sources: Sources, hosts: VirtualHosts, http_ports: HttpPorts) -> Routes:
    """Declares route configurations of all scopes."""
    found = (
        blocks.declare(graph, "virtual hosts", hosts.services, tables.block),
        blocks.declare(graph, "virtual hosts of others", hosts.others, tables.block),
    )
    used_ports = http_ports.used.index("all", lambda _: (ALL,))

    def table_keys(ctx: Context, key: tuple[Scope, RouteView], _: object) -> Mapping[TableKey, TableKey]:
        keys = (TableKey(*key, port) for port in ctx.select(used_ports, ALL))
        return {one: one for one in keys}

    def table(ctx: Context, key: TableKey, _: TableKey) -> Mapping[TableKey, Resource]:
        visible = ctx.get(sources.visibility.scopes, key.scope)
        if visible is None:
            return {}
        last = _last(allow_any=key.view.allow_any)
        if key.view.piecewise:
            return {key: tables.piecewise(str(key.port), [last])}
        place = (key.port, key.view)
        parts = [part for pieces in found for part in pieces.parts(ctx, place, key.scope, visible)]
        return {key: tables.configuration(str(key.port), [*parts, last])}

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


def _last(*, allow_any: bool) -> Part:
    return tables.block([tables.catch_all(allow_any=allow_any)])
