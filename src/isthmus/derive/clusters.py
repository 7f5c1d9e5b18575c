"""Clusters: of services per cluster view, those that every sidecar has, and those of a workload's own ports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from isthmus.collections import Collection, Context, Graph
from isthmus.derive.audiences import ALL, in_use
from isthmus.derive.destination_policies import DestinationPolicies
from isthmus.derive.members import Members
from isthmus.derive.mesh import mesh_config
from isthmus.derive.upstreams import Upstreams
from isthmus.translate.clusters.inbound import inbound
from isthmus.translate.clusters.outbound import outbound, passthrough_by_sni
from isthmus.translate.clusters.special import black_hole, special
from isthmus.translate.encoding import Bundle, bundle
from isthmus.translate.inbound import InboundView
from isthmus.translate.views import ClusterView, Families


class ClusterKey(NamedTuple):
    """The clusters of one service for one kind of client."""

    hostname: str
    variant: str  # of its policies
    view: ClusterView


class Clusters(msgspec.Struct, frozen=True):
    """Declared collections of clusters."""

    services: Collection[ClusterKey, Bundle]
    by_sni: Collection[tuple[str, str], Bundle]  # hostname and variant; only while some gateway needs them
    sidecars: Collection[Families, Bundle]
    workloads: Collection[InboundView, Bundle]


def declare(graph: Graph, upstreams: Upstreams, members: Members) -> Clusters:
    """Declares all clusters."""
    domain = upstreams.domain
    audiences = members.audiences
    views = in_use(graph, "cluster views", audiences.by_clusters)
    sni_users = graph.distinct("sni users", audiences.passing_by_sni, lambda _, key: {key: True})

    def keys(ctx: Context, hostname: str, policies: DestinationPolicies) -> Mapping[ClusterKey, ClusterKey]:
        used = ctx.select(views, ALL)
        found = (ClusterKey(hostname, variant, view) for variant in policies.variants for view in used)
        return {key: key for key in found}

    def of_service(ctx: Context, key: ClusterKey, _: ClusterKey) -> Mapping[ClusterKey, Bundle]:
        upstream = upstreams.upstream(ctx, key.hostname, key.variant)
        mesh = mesh_config(ctx, domain)
        return {} if upstream is None else {key: outbound(key.view, upstream, mesh)}

    def by_sni(ctx: Context, hostname: str, policies: DestinationPolicies) -> Mapping[tuple[str, str], Bundle]:
        if not ctx.get(sni_users, ALL):
            return {}
        mesh = mesh_config(ctx, domain)
        found = {variant: upstreams.plain(ctx, hostname, variant) for variant in policies.variants}
        return {(hostname, variant): passthrough_by_sni(one, mesh) for variant, one in found.items() if one}

    def of_sidecars(ctx: Context, families: Families) -> Mapping[Families, Bundle]:
        return {families: special(mesh_config(ctx, domain), families)}

    def of_workload(ctx: Context, view: InboundView) -> Mapping[InboundView, Bundle]:
        return {view: inbound(view, mesh_config(ctx, domain))}

    return Clusters(
        services=graph.derive(
            "clusters", graph.derive("cluster keys", upstreams.policies.destinations, keys), of_service
        ),
        by_sni=graph.derive("sni clusters", upstreams.policies.destinations, by_sni),
        sidecars=graph.distinct("sidecar clusters", audiences.by_families, of_sidecars),
        workloads=graph.distinct("inbound clusters", members.by_inbound, of_workload),
    )


ROUTER_CLUSTERS: Bundle = bundle((black_hole(),))
"""What every router has."""
