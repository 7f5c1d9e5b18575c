"""Load assignments per service and endpoint view: an endpoint's change costs its service only."""

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
from isthmus.derive.views import Member
from isthmus.model.endpoint import ServiceEndpoints
from isthmus.model.network import Networks
from isthmus.translate import locality
from isthmus.translate.encoding import Bundle
from isthmus.translate.endpoints.assignment import MeshState, assignments
from isthmus.translate.upstream import Upstream
from isthmus.translate.views import EndpointView


class AssignmentKey(NamedTuple):
    """The load assignments of one service for one kind of client."""

    hostname: str
    variant: str  # of its policies
    view: EndpointView


class Assignments(msgspec.Struct, frozen=True):
    """Declared collections of load assignments."""

    bundles: Collection[AssignmentKey, Bundle]

    def find(self, member: Member, hostname: str, variant: str) -> Bundle:
        """The assignments of a service that a proxy gets."""
        plain = self.bundles.get(AssignmentKey(hostname, variant, member.audience.endpoints))
        if plain is not None:
            return plain
        return self.bundles.get(AssignmentKey(hostname, variant, member.placed)) or {}


def declare(graph: Graph, upstreams: Upstreams, members: Members) -> Assignments:
    """Declares assignments for all services and views."""
    domain = upstreams.domain
    anywhere = in_use(graph, "endpoint views", members.audiences.by_endpoints)
    placed = in_use(graph, "placed endpoint views", members.by_placed)

    def keys(ctx: Context, hostname: str, policies: DestinationPolicies) -> Mapping[AssignmentKey, AssignmentKey]:
        service = ctx.get(domain.services, hostname)
        mesh = mesh_config(ctx, domain)
        if service is None:
            return {}
        found = (
            AssignmentKey(hostname, variant, view)
            for variant, policy in policies.variants.items()
            for view in ctx.select(placed if locality.asks_for_place(policy, service, mesh) else anywhere, ALL)
        )
        return {key: key for key in found}

    key_rows = graph.derive("assignment keys", upstreams.policies.destinations, keys)

    def bundle(ctx: Context, key: AssignmentKey, _: AssignmentKey) -> Mapping[AssignmentKey, Bundle]:
        service = ctx.get(domain.services, key.hostname)
        if service is None:
            return {}
        upstream = Upstream(service, upstreams.policy(ctx, key.hostname, key.variant))
        endpoints = ctx.get(domain.endpoints, key.hostname) or ServiceEndpoints(key.hostname, {})
        state = MeshState(
            mesh=mesh_config(ctx, domain),
            networks=ctx.get(domain.networks, "") or Networks(),
            peers=upstreams.policies.clients_peer_policies(ctx, service),
        )
        return {key: assignments(key.view, upstream, endpoints, state)}

    return Assignments(graph.derive("load assignments", key_rows, bundle))
