"""The address plan of a lab: every interface, range and URL follows from the topology and the lab's slot.

Networks are numbered alike, so pod ranges of clusters in different networks overlap, as they do for users.
Knows arithmetic. Pure.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from isthmus.lab.topology import Cluster, Node, Topology

SLOTS = tuple(IPv4Network(f"172.{second}.0.0/16") for second in range(30, 19, -1))
"""Uplink ranges that a lab may take, one per lab: the only addresses of a lab that the host sees."""
SERVICES = IPv4Network("10.96.0.0/16")
CLUSTER_DNS = IPv4Address("10.96.0.10")
KUBERNETES_SERVICE = IPv4Address("10.96.0.1")
LAN = IPv4Network("10.200.0.0/16")
"""Node addresses within a network; the same range in each."""
API_PORT = 6443


@dataclass(frozen=True, slots=True)
class NodePlan:
    """Where one node stands."""

    node: Node
    cluster: Cluster
    uplink: IPv4Address
    """Reachable from the host and from every cluster."""
    lan: IPv4Address
    """Reachable within the network; also the Kubernetes node address."""
    pods: IPv4Network
    is_control_plane: bool


@dataclass(frozen=True, slots=True)
class ClusterPlan:
    """Where one cluster stands."""

    cluster: Cluster
    nodes: tuple[NodePlan, ...]
    pods: IPv4Network
    lan: IPv4Network
    uplink: IPv4Network
    """All addresses of the cluster that other networks see: nodes and load balancers."""
    load_balancers: IPv4Network
    api_name: str

    @property
    def api_address(self) -> IPv4Address:
        """The uplink address of the control plane's node."""
        return self.nodes[0].uplink

    @property
    def api_url(self) -> str:
        """The same from the host and from every pod of every cluster."""
        return f"https://{self.api_address}:{API_PORT}"


@dataclass(frozen=True, slots=True)
class Plan:
    """Where everything in a lab stands."""

    name: str
    topology: Topology
    uplink: IPv4Network
    clusters: tuple[ClusterPlan, ...]

    @property
    def host(self) -> IPv4Address:
        """The host's own address on the uplink."""
        return self.uplink[1]

    @property
    def nodes(self) -> tuple[NodePlan, ...]:
        """All nodes, cluster by cluster."""
        return tuple(node for cluster in self.clusters for node in cluster.nodes)

    def cluster(self, name: str) -> ClusterPlan:
        """The plan of a cluster. Raises TopologyError for a name that the lab does not have."""
        wanted = self.topology.cluster(name)
        return next(each for each in self.clusters if each.cluster is wanted)

    def neighbours(self, node: NodePlan) -> tuple[NodePlan, ...]:
        """The other nodes in the same network, of any cluster."""
        return tuple(each for each in self.nodes if each.cluster.network == node.cluster.network and each != node)


def plan(name: str, topology: Topology, slot: IPv4Network) -> Plan:
    """The address plan of the lab `name` whose uplink is `slot` (one of SLOTS)."""
    clusters = tuple(_cluster(topology, number, slot) for number in range(1, len(topology.clusters) + 1))
    return Plan(name=name, topology=topology, uplink=slot, clusters=clusters)


def free_slot(taken: tuple[IPv4Network, ...]) -> IPv4Network | None:
    """The first uplink range that overlaps none of the host's routes, or None where all do."""
    return next((slot for slot in SLOTS if not any(slot.overlaps(other) for other in taken)), None)


def _cluster(topology: Topology, number: int, slot: IPv4Network) -> ClusterPlan:
    cluster = topology.clusters[number - 1]
    same_network = [each for each in topology.clusters if each.network == cluster.network]
    position = same_network.index(cluster)
    pods = IPv4Network(f"10.{10 + position}.0.0/16")
    lan = IPv4Network((LAN[position << 8], 24))
    uplink = IPv4Network((slot[number << 8], 24))
    nodes = tuple(
        NodePlan(
            node=node,
            cluster=cluster,
            uplink=uplink[index],
            lan=lan[index],
            pods=IPv4Network((pods[index << 8], 24)),
            is_control_plane=index == 1,
        )
        for index, node in enumerate(cluster.nodes, start=1)
    )
    return ClusterPlan(
        cluster=cluster,
        nodes=nodes,
        pods=pods,
        lan=lan,
        uplink=uplink,
        load_balancers=IPv4Network((uplink[128], 25)),
        api_name=f"{cluster.name}-api.lab.test",
    )
