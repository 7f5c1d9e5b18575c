"""Virtual addresses of services as clients of one cluster use them.

A service that the client's cluster does not declare is reached by another cluster's virtual address. Service
ranges of clusters overlap, so such an address may be a local service's: then the local one keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from isthmus.collections import Collection, Context, Graph
from isthmus.derive.audiences import ALL, Audiences, in_use
from isthmus.derive.domain import Domain
from isthmus.model.service import Service


class AddressKey(NamedTuple):
    """A service, seen from a cluster."""

    cluster: str
    hostname: str


class Claim(NamedTuple):
    """The addresses that a service would have; claims are ordered by who keeps an address."""

    borrowed: bool  # from another cluster
    created: str
    hostname: str
    cluster: str
    addresses: tuple[str, ...]


def declare(graph: Graph, domain: Domain, audiences: Audiences) -> Collection[AddressKey, tuple[str, ...]]:
    """Declares the addresses of every service for every cluster that has clients; services without any are absent."""
    clients = in_use(graph, "client clusters", audiences.by_cluster)

    def claim(ctx: Context, hostname: str, service: Service) -> Mapping[AddressKey, Claim]:
        found = {cluster: service.addresses(cluster) for cluster in ctx.select(clients, ALL)}
        return {
            AddressKey(cluster, hostname): Claim(
                cluster not in service.vips, service.created, hostname, cluster, addresses
            )
            for cluster, addresses in found.items()
            if addresses
        }

    claims = graph.derive("address claims", domain.services, claim)
    claimants = claims.index("address", lambda one: [(one.cluster, address) for address in one.addresses])

    def settle(ctx: Context, key: AddressKey, claim: Claim) -> Mapping[AddressKey, tuple[str, ...]]:
        kept = (one for one in claim.addresses if min(ctx.select(claimants, (key.cluster, one))) == claim)
        return {key: addresses} if (addresses := tuple(kept)) else {}

    return graph.derive("client addresses", claims, settle)
