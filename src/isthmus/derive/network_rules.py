"""Which network an address is on.

Order (Istio): the pod's own label; the label of the root namespace of the pod's cluster; meshNetworks by
registry, then by the longest CIDR; else none.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

import msgspec

from isthmus.api.mesh_networks import MeshNetworks

NETWORK_LABEL = "topology.istio.io/network"


class NetworkRules(msgspec.Struct, frozen=True):
    """Everything that decides a network, as one row of the mesh."""

    by_cluster: dict[str, str] = {}  # label of each cluster's root namespace
    by_registry: dict[str, str] = {}
    by_range: tuple[tuple[str, str], ...] = ()  # (CIDR, network), longest prefix first

    def network(self, cluster: str, labels: Mapping[str, str], address: str) -> str:
        """The network of an address in a cluster; empty when nothing says."""
        named = labels.get(NETWORK_LABEL) or self.by_cluster.get(cluster) or self.by_registry.get(cluster)
        return named or (self._by_address(address) if self.by_range and address else "")

    def _by_address(self, address: str) -> str:
        parsed = ipaddress.ip_address(address)
        for block, network in self.by_range:
            if parsed in ipaddress.ip_network(block, strict=False):
                return network
        return ""


def network_rules(by_cluster: Mapping[str, str], networks: MeshNetworks) -> NetworkRules:
    """The rules from namespace labels and the mesh's ``meshNetworks``; the first network of a registry wins."""
    by_registry: dict[str, str] = {}
    by_range: dict[str, str] = {}
    for name, network in networks.networks.items():
        for endpoint in network.endpoints:
            if endpoint.from_registry:
                by_registry.setdefault(endpoint.from_registry, name)
            if endpoint.from_cidr:
                by_range.setdefault(endpoint.from_cidr, name)
    ordered = sorted(by_range.items(), key=lambda item: (-ipaddress.ip_network(item[0], strict=False).prefixlen, item))
    return NetworkRules(dict(by_cluster), by_registry, tuple(ordered))
