"""What a lab consists of: clusters, their nodes with region and zone, and the networks that they stand in.

Knows names and shapes, not addresses (`addresses`). Pure.
"""

import re
from dataclasses import dataclass

DEFAULT = "multi-primary-multi-network"
MAX_CLUSTERS = 16
NAME = re.compile(r"[a-z][a-z0-9]{0,7}")
"""A lab's name is part of interface names, which have at most 15 characters."""


class TopologyError(ValueError):
    """A topology that cannot be built; the text says what is allowed."""


@dataclass(frozen=True, slots=True)
class Node:
    """One machine of a cluster; `name` is unique in the lab and the Kubernetes node's name."""

    name: str
    zone: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """One Kubernetes cluster. Its first node carries the control plane.

    Clusters with the same `network` reach each other's pods; others only reach LoadBalancer addresses and API servers.
    """

    name: str
    network: str
    region: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Topology:
    """A named set of clusters."""

    name: str
    clusters: tuple[Cluster, ...]

    def cluster(self, name: str) -> Cluster:
        """The cluster of that name. Raises TopologyError that lists those there are."""
        for cluster in self.clusters:
            if cluster.name == name:
                return cluster
        known = ", ".join(cluster.name for cluster in self.clusters)
        raise TopologyError(f"there is no cluster {name!r}: this lab has {known}")

    @property
    def networks(self) -> tuple[str, ...]:
        """Network names in order of first use."""
        return tuple(dict.fromkeys(cluster.network for cluster in self.clusters))


def topology(name: str) -> Topology:
    """A built-in topology. Raises TopologyError that lists those there are."""
    for candidate in BUILT_IN:
        if candidate.name == name:
            return candidate
    known = ", ".join(candidate.name for candidate in BUILT_IN)
    raise TopologyError(f"there is no topology {name!r}: choose one of {known}, or use --clusters and --networks")


def generated(clusters: int, networks: int, nodes: int = 1, *, name: str = "") -> Topology:
    """`clusters` clusters of `nodes` nodes each, dealt to `networks` networks in turn.

    Raises TopologyError for numbers out of range.
    """
    if not 1 <= clusters <= MAX_CLUSTERS:
        raise TopologyError(f"a lab has 1 to {MAX_CLUSTERS} clusters, not {clusters}")
    if not 1 <= networks <= clusters:
        raise TopologyError(f"{clusters} clusters stand in 1 to {clusters} networks, not {networks}")
    if not 1 <= nodes <= MAX_CLUSTERS:
        raise TopologyError(f"a cluster has 1 to {MAX_CLUSTERS} nodes, not {nodes}")
    made = tuple(_cluster(number, (number - 1) % networks + 1, nodes) for number in range(1, clusters + 1))
    return Topology(name or f"{clusters}-clusters-{networks}-networks", made)


def check_name(name: str) -> str:
    """The name of a lab, if it is one. Raises TopologyError with the rule."""
    if not NAME.fullmatch(name):
        raise TopologyError(f"{name!r} is no name for a lab: 1 to 8 lower-case letters and digits, a letter first")
    return name


def _cluster(number: int, network: int, nodes: int) -> Cluster:
    name = f"cluster{number}"
    made = tuple(Node(name=f"{name}-node{index}", zone=f"region{number}-zone{index}") for index in range(1, nodes + 1))
    return Cluster(name=name, network=f"network{network}", region=f"region{number}", nodes=made)


BUILT_IN: tuple[Topology, ...] = (
    generated(2, 2, name=DEFAULT),
    generated(2, 1, name="multi-primary"),
    generated(2, 1, name="primary-remote"),
    generated(2, 2, name="primary-remote-multi-network"),
    generated(3, 3, name="external-control-plane"),
    generated(3, 3, name="three-clusters-three-networks"),
    generated(3, 1, name="three-clusters-one-network"),
    generated(1, 1, name="single"),
)
