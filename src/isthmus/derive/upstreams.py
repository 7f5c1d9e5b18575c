"""Services as upstreams: with the policy for a client's namespace and what is known of their workloads."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from isthmus.api.mesh_config import MeshConfig
from isthmus.collections import Collection, Context, Graph
from isthmus.derive.domain import Domain
from isthmus.derive.mesh import mesh_config
from isthmus.derive.policies import Policies
from isthmus.model.endpoint import ServiceEndpoints
from isthmus.model.network import Networks
from isthmus.model.service import Resolution, Service
from isthmus.translate.peer_authentication import PeerPolicies
from isthmus.translate.policy import DestinationPolicy
from isthmus.translate.upstream import Upstream


class Facts(msgspec.Struct, frozen=True):
    """What clusters need to know of a service's endpoints; most endpoint changes leave it as it is."""

    identities: tuple[str, ...] = ()
    meshed: frozenset[str] = frozenset()  # names of ports of which all endpoints take mesh mTLS, at least one
    networks: frozenset[str] = frozenset()  # of endpoints that take mesh mTLS


class Upstreams(msgspec.Struct, frozen=True):
    """Declared collections, and how to join them."""

    domain: Domain
    policies: Policies
    facts: Collection[str, Facts]

    def policy(self, ctx: Context, hostname: str, variant: str) -> DestinationPolicy:
        """The policy of a hostname that clients of a variant get."""
        row = ctx.get(self.policies.destinations, hostname)
        return DestinationPolicy() if row is None else row.variants.get(variant) or row.variants[""]

    def plain(self, ctx: Context, hostname: str, variant: str) -> Upstream | None:
        """A service with its policy only, for what does not depend on its workloads."""
        service = ctx.get(self.domain.services, hostname)
        return None if service is None else Upstream(service, self.policy(ctx, hostname, variant))

    def upstream(self, ctx: Context, hostname: str, variant: str) -> Upstream | None:
        """A service with everything that clusters need."""
        service = ctx.get(self.domain.services, hostname)
        if service is None:
            return None
        mesh = mesh_config(ctx, self.domain)
        facts = ctx.get(self.facts, hostname) or Facts()
        peers = self.policies.clients_peer_policies(ctx, service)
        return Upstream(
            service=service,
            policy=self.policy(ctx, hostname, variant),
            identities=_expanded((*facts.identities, *service.service_accounts), mesh),
            mutual_tls=_mutual_tls(service, facts, peers, mesh),
            gateway_networks=_gateway_networks(service, facts, ctx.get(self.domain.networks, "") or Networks()),
        )


def declare(graph: Graph, domain: Domain, policies: Policies) -> Upstreams:
    """Declares the facts of every hostname."""
    return Upstreams(domain, policies, graph.derive("endpoint facts", domain.endpoints, _facts))


def _facts(_: Context, hostname: str, endpoints: ServiceEndpoints) -> Mapping[str, Facts]:
    meshed = (name for name, found in endpoints.ports.items() if found and all(one.mtls for one in found))
    networks = (one.network for found in endpoints.ports.values() for one in found if one.mtls and one.network)
    return {hostname: Facts(endpoints.identities, frozenset(meshed), frozenset(networks))}


def _gateway_networks(service: Service, facts: Facts, networks: Networks) -> frozenset[str]:
    """Networks with a gateway on which the service has endpoints, or is declared by the gateway's own cluster.

    The declaration counts so that a service that has no endpoint there for a moment keeps its clusters: a cluster
    that changes loses its connections.
    """
    return frozenset(
        gateway.network
        for gateway in networks.gateways
        if gateway.port and (gateway.network in facts.networks or gateway.cluster in service.clusters)
    )


def _expanded(identities: tuple[str, ...], mesh: MeshConfig) -> tuple[str, ...]:
    """Identities under every trust domain that counts as the mesh's own."""
    own = {f"spiffe://{domain}/" for domain in mesh.trust_domains}
    found = set(identities)
    for identity in identities:
        prefix = next((one for one in own if identity.startswith(one)), None)
        if prefix is not None:
            found.update(one + identity.removeprefix(prefix) for one in own)
    return tuple(sorted(found))


def _mutual_tls(service: Service, facts: Facts, peers: PeerPolicies, mesh: MeshConfig) -> frozenset[int]:
    if not mesh.enable_auto_mtls or service.external or peers.mode == "DISABLE":
        return frozenset()
    if service.resolution is Resolution.HEADLESS:
        # The client's own destination is used, so one socket has to fit all endpoints.
        return frozenset(port.number for port in service.ports if port.name in facts.meshed)
    return frozenset(port.number for port in service.ports)
