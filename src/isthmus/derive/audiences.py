"""Audiences by each of their views: who is concerned by a change, and which views are in use at all."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

import msgspec

from isthmus.collections import Collection, Graph, Index
from isthmus.derive.views import Audience, RouterKey, Scope
from isthmus.translate.views import ClusterView, EndpointView, Families, NameView, OutboundView, RouteView

V = TypeVar("V", bound=Hashable)
ALL = ""
"""The one value of indexes that hold every row of a collection."""


class Audiences(msgspec.Struct, frozen=True):
    """All audiences of connected proxies, with their indexes."""

    rows: Collection[Audience, Audience]
    by_endpoints: Index[EndpointView, Audience, Audience]
    by_clusters: Index[ClusterView, Audience, Audience]
    by_outbound: Index[OutboundView, Audience, Audience]  # sidecars
    by_routes: Index[RouteView, Audience, Audience]  # sidecars
    by_table: Index[tuple[Scope, RouteView], Audience, Audience]  # sidecars
    by_listener: Index[tuple[Scope, OutboundView], Audience, Audience]  # sidecars
    by_families: Index[Families, Audience, Audience]  # sidecars
    by_cluster: Index[str, Audience, Audience]
    by_scope: Index[Scope, Audience, Audience]
    by_names: Index[NameView, Audience, Audience]  # proxies that answer DNS
    by_name_table: Index[tuple[Scope, NameView], Audience, Audience]  # proxies that answer DNS
    by_router: Index[RouterKey, Audience, Audience]  # routers
    passing_by_sni: Index[str, Audience, Audience]  # routers with AUTO_PASSTHROUGH, under ALL
    all: Index[str, Audience, Audience]


def indexed(rows: Collection[Audience, Audience]) -> Audiences:
    """Declares the indexes."""

    def index(name: str, values: Callable[[Audience], Iterable[Any]]) -> Index[Any, Audience, Audience]:
        return rows.index(name, values)

    return Audiences(
        rows=rows,
        by_endpoints=index("endpoints", lambda one: (one.endpoints,)),
        by_clusters=index("clusters", lambda one: (one.clusters,)),
        by_outbound=index("outbound", lambda one: (one.outbound,) if one.sidecar else ()),
        by_routes=index("routes", lambda one: (one.routes,) if one.sidecar else ()),
        by_table=index("table", lambda one: ((one.scope, one.routes),) if one.sidecar else ()),
        by_listener=index("listener", lambda one: ((one.scope, one.outbound),) if one.sidecar else ()),
        by_families=index("families", lambda one: (one.outbound.families,) if one.sidecar else ()),
        by_cluster=index("cluster", lambda one: (one.routes.cluster,)),
        by_scope=index("scope", lambda one: (one.scope,)),
        by_names=index("names", lambda one: (one.names,) if one.dns else ()),
        by_name_table=index("name table", lambda one: ((one.scope, one.names),) if one.dns else ()),
        by_router=index("router", lambda one: () if one.sidecar else (one.router,)),
        passing_by_sni=index("sni", lambda one: (ALL,) if one.endpoints.by_sni else ()),
        all=index("all", lambda _: (ALL,)),
    )


def in_use(graph: Graph, name: str, index: Index[V, Any, Any]) -> Index[str, V, V]:
    """The values of an index that have rows; under ALL, so that a derivation can go through them."""

    return graph.distinct(name, index, lambda _, value: {value: value}).index("all", lambda _: (ALL,))
