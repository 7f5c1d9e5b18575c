"""Inbound listeners of sidecars, one per kind of workload."""

from __future__ import annotations

from collections.abc import Mapping

from isthmus.collections import Collection, Context, Graph
from isthmus.derive.domain import Domain
from isthmus.derive.members import Members
from isthmus.derive.mesh import mesh_config
from isthmus.model.resource import Resource
from isthmus.translate.inbound import InboundView
from isthmus.translate.listeners.inbound import virtual_inbound


def declare(graph: Graph, domain: Domain, members: Members) -> Collection[InboundView, Resource]:
    """Declares the inbound listener of every inbound view."""

    def listener(ctx: Context, view: InboundView) -> Mapping[InboundView, Resource]:
        return {view: virtual_inbound(view, mesh_config(ctx, domain))}

    return graph.distinct("inbound listeners", members.by_inbound, listener)
