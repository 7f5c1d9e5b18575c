"""Name tables per scope, for proxies whose agents answer DNS."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from isthmus.collections import Collection, Context, Graph
from isthmus.derive import blocks
from isthmus.derive.addresses import AddressKey
from isthmus.derive.audiences import ALL, Audiences, in_use
from isthmus.derive.blocks import Piece
from isthmus.derive.views import Scope
from isthmus.derive.virtual_hosts import Sources
from isthmus.model.endpoint import ServiceEndpoints
from isthmus.model.resource import Resource
from isthmus.model.service import Resolution, Service
from isthmus.translate.name_table import entries, join, name_table
from isthmus.translate.views import NameView

TableKey = tuple[Scope, NameView]


class NameTables(msgspec.Struct, frozen=True):
    """Declared collections of name tables."""

    tables: Collection[TableKey, Resource]


def declare(graph: Graph, sources: Sources, audiences: Audiences) -> NameTables:
    """Declares the table of every scope."""
    domain, visibility = sources.domain, sources.visibility
    views = in_use(graph, "name views", audiences.by_names)

    def of_service(ctx: Context, hostname: str, service: Service) -> Mapping[tuple[str, NameView], Piece]:
        used = ctx.select(views, ALL)
        export = ctx.get(visibility.exports, hostname)
        if not used or export is None:
            return {}
        headless = service.resolution is Resolution.HEADLESS
        endpoints = (ctx.get(domain.endpoints, hostname) if headless else None) or ServiceEndpoints(hostname, {})
        result: dict[tuple[str, NameView], Piece] = {}
        for view in used:
            addresses = ctx.get(sources.addresses, AddressKey(view.cluster, hostname)) or ()
            if part := entries(view, service, addresses, endpoints):
                result[hostname, view] = Piece(view, hostname, service.namespace, export.to, part, part)
        return result

    pieces = blocks.declare(graph, "names", graph.derive("service names", domain.services, of_service), join)

    def table(ctx: Context, key: TableKey) -> Mapping[TableKey, Resource]:
        scope, view = key
        visible = ctx.get(visibility.scopes, scope)
        return {key: name_table(pieces.parts(ctx, view, scope, visible))} if visible else {}

    return NameTables(graph.distinct("name tables", audiences.by_name_table, table))
