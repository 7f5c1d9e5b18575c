"""An upstream: a service with everything that decides how clients connect to it."""

from __future__ import annotations

import msgspec

from isthmus.api.destination_rule import Subset, TrafficPolicy
from isthmus.model.service import Protocol, Service, ServicePort
from isthmus.translate.policy import DestinationPolicy


class Upstream(msgspec.Struct, frozen=True):
    """A service, the policy for it, and what is known of the workloads behind it."""

    service: Service
    policy: DestinationPolicy = DestinationPolicy()
    identities: tuple[str, ...] = ()  # SPIFFE ids that may serve it, sorted; empty: any of the mesh
    mutual_tls: frozenset[int] = frozenset()  # ports to which mesh mTLS may be used without being asked for
    gateway_networks: frozenset[str] = (
        frozenset()
    )  # where it may have workloads that clients elsewhere need a gateway for

    def behind_gateways(self, network: str) -> bool:
        """Whether a client on this network may reach some of the workloads through a gateway only."""
        return not self.service.cluster_local and not self.gateway_networks <= {network}


class Target(msgspec.Struct, frozen=True):
    """One port of an upstream, whole or one subset of it: what becomes one cluster."""

    upstream: Upstream
    port: ServicePort
    subset: Subset | None = None

    @property
    def subset_name(self) -> str:
        """Name of the subset, empty for the whole service."""
        return self.subset.name if self.subset else ""

    @property
    def traffic(self) -> TrafficPolicy:
        """The policy of this port and subset."""
        return self.upstream.policy.effective(self.port.number, self.subset)


def targets(upstream: Upstream) -> tuple[Target, ...]:
    """All that becomes clusters: each port that is not UDP, and each subset of it."""
    return tuple(
        Target(upstream, port, subset)
        for port in upstream.service.ports
        if port.protocol is not Protocol.UDP
        for subset in (None, *upstream.policy.subsets)
    )
