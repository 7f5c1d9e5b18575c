"""The lab's wiring as text for `ip -batch` and `nft -f`.

One namespace (`isthmus-NAME-inet`) holds the bridges: `br-up`, which the host and all nodes share,
and one LAN per network.
A host with a bridge of its own would drag the lab's frames through its firewall and its connection tracking,
where the overlapping pod ranges of two networks collide.
Knows commands and rules; `addresses` knows the numbers. Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network

from isthmus.lab.addresses import API_PORT, LAN, SERVICES, ClusterPlan, NodePlan, Plan

SYSCTLS: tuple[tuple[str, str], ...] = (
    ("net/ipv4/ip_forward", "1"),
    ("net/ipv4/conf/all/rp_filter", "0"),
    ("net/ipv4/conf/default/rp_filter", "0"),
    ("net/ipv6/conf/all/forwarding", "1"),
)
"""Kernel settings of a node's own network namespace."""


def prefix(lab: str) -> str:
    """How the names of a lab's network namespaces and control groups begin, and of nobody else's."""
    return f"isthmus-{lab}-"


def inet_namespace(lab: str) -> str:
    """The network namespace that holds the bridges."""
    return f"{prefix(lab)}inet"


def node_namespace(lab: str, node: str) -> str:
    """The network namespace of a node."""
    return f"{prefix(lab)}{node}"


def host_link(lab: str) -> str:
    """The only interface of a lab that the host has."""
    return f"ist-{lab}"


def namespaces(plan: Plan) -> tuple[str, ...]:
    """All network namespaces of the lab."""
    return (inet_namespace(plan.name), *(node_namespace(plan.name, node.node.name) for node in plan.nodes))


def host_commands(plan: Plan) -> tuple[str, ...]:
    """Arguments of `ip` on the host, when all else is done: its own leg, which thereby stands for the whole network."""
    inet, host = inet_namespace(plan.name), host_link(plan.name)
    return (
        f"link add {host} type veth peer name host netns {inet}",
        f"-n {inet} link set host master br-up up",
        f"link set {host} up",
        f"addr replace {plan.host}/{plan.uplink.prefixlen} dev {host}",
    )


def links_batch(plan: Plan) -> str:
    """Run on the host: links between the namespaces, which exist already."""
    inet = inet_namespace(plan.name)
    lines = []
    for number, node in enumerate(plan.nodes, start=1):
        inside = node_namespace(plan.name, node.node.name)
        for kind in ("uplink", "lan"):
            lines.append(f"link add {kind}{number} netns {inet} type veth peer name {kind} netns {inside}")
    return _text(lines)


def inet_batch(plan: Plan) -> str:
    """Run in the namespace of the bridges: every leg is plugged into its bridge."""
    lines = ["link set lo up", "link add br-up type bridge", "link set br-up up"]
    for number in range(1, len(plan.topology.networks) + 1):
        lines += [f"link add br-lan{number} type bridge", f"link set br-lan{number} up"]
    for number, node in enumerate(plan.nodes, start=1):
        lan = plan.topology.networks.index(node.cluster.network) + 1
        lines += [f"link set uplink{number} master br-up", f"link set uplink{number} up"]
        lines += [f"link set lan{number} master br-lan{lan}", f"link set lan{number} up"]
    return _text(lines)


def node_batch(plan: Plan, node: NodePlan) -> str:
    """Run in a node's namespace: addresses, routes to the other nodes' pods, and the load balancers' range.

    A node that is started again finds them there, hence `replace`.
    """
    lines = ["link set lo up", "link set uplink up", "link set lan up"]
    lines += [f"addr replace {node.uplink}/{plan.uplink.prefixlen} dev uplink"]
    lines += [f"addr replace {node.lan}/{LAN.prefixlen} dev lan"]
    # connect() looks for a route before kube-proxy translates the address, so any route will do.
    lines += [f"route replace {SERVICES} dev lan"]
    lines += [f"route replace {other.pods} via {other.lan} dev lan" for other in plan.neighbours(node)]
    if node.is_control_plane:
        # A local range: the kernel answers ARP for all of it, and kube-proxy forwards what has a service.
        lines += [f"route replace local {plan.cluster(node.cluster.name).load_balancers} dev uplink"]
    return _text(lines)


def node_rules(plan: Plan, node: NodePlan) -> str:
    """nftables text: pods leave their network under the node's address; the uplink admits only what was asked for."""
    routed = _set(each.pods for each in plan.clusters if each.cluster.network == node.cluster.network)
    own = plan.cluster(node.cluster.name).pods
    return f"""add table ip lab
delete table ip lab
table ip lab {{
  chain leave {{
    type nat hook postrouting priority srcnat
    ip saddr {own} ip daddr != {routed} masquerade
  }}
  chain arrive {{
    type filter hook input priority filter
    iifname "uplink" jump from_uplink
  }}
  chain pass {{
    type filter hook forward priority filter
    iifname "uplink" jump from_uplink
  }}
  chain from_uplink {{
    ct state established,related accept
    ct status dnat accept
    fib daddr . iif type local tcp dport {API_PORT} accept
    icmp type echo-request accept
    reject
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Cut:
    """A broken link: nothing gets from `source` to `target`; with `one_way`, answers to `target`'s calls still do."""

    source: str
    target: str
    one_way: bool = False


@dataclass(frozen=True, slots=True)
class Slow:
    """A bad link: every packet from `source` to `target` takes `delay` longer, or is lost."""

    source: str
    target: str
    delay: int
    """Milliseconds; the way back has its own."""
    loss: float
    """Percent of the packets."""


FAULTS = "lab-faults"


def fault_rules(plan: Plan, cluster: str, cuts: tuple[Cut, ...], slow: tuple[Slow, ...] = ()) -> str:
    """nftables text for every node of `cluster` that replaces all faults by `cuts` and by the losses of `slow`."""
    lines = [f"add table ip {FAULTS}", f"delete table ip {FAULTS}", f"add table ip {FAULTS}"]
    lines += [f"add chain ip {FAULTS} out {{ type filter hook postrouting priority 350; }}"]
    for cut in cuts:
        if cut.source == cluster:
            direction = " ct direction original" if cut.one_way else ""
            targets = _set(_reachable(plan, cluster, plan.cluster(cut.target)))
            lines.append(f"add rule ip {FAULTS} out ip daddr {targets}{direction} drop")
    for each in slow:
        if each.source == cluster and each.loss:
            targets = _set(_reachable(plan, cluster, plan.cluster(each.target)))
            chance = f"numgen random mod 10000 < {round(each.loss * 100)}"
            lines.append(f"add rule ip {FAULTS} out ip daddr {targets} {chance} drop")
    return _text(lines)


def delay_rules(plan: Plan, cluster: str, slow: tuple[Slow, ...]) -> str:
    """`iptables-restore --noflush` text for every node of `cluster`: what is to be delayed goes to `lab.delay`.

    Many kernels lack netem, and some nftables' own queues. Packets pass at once while the program does not run.
    """
    lines = ["*mangle", "-F POSTROUTING"]
    for each in _delayed(cluster, slow):
        target = f"NFQUEUE --queue-num {_queue(plan, each)} --queue-bypass"
        reachable = _reachable(plan, cluster, plan.cluster(each.target))
        lines += [f"-A POSTROUTING -d {destination} -j {target}" for destination in reachable]
    return _text([*lines, "COMMIT"])


def delays(plan: Plan, cluster: str, slow: tuple[Slow, ...]) -> tuple[str, ...]:
    """Arguments of `lab.delay` on every node of `cluster`: `QUEUE:MILLISECONDS`; none where nothing is delayed."""
    return tuple(f"{_queue(plan, each)}:{each.delay}" for each in _delayed(cluster, slow))


def _delayed(cluster: str, slow: tuple[Slow, ...]) -> tuple[Slow, ...]:
    return tuple(each for each in slow if each.source == cluster and each.delay)


def _queue(plan: Plan, slow: Slow) -> int:
    """One queue per target: packets of one queue leave in the order in which they came."""
    return plan.clusters.index(plan.cluster(slow.target)) + 1


def _reachable(plan: Plan, source: str, target: ClusterPlan) -> Iterable[IPv4Network]:
    """The ranges of `target` that `source` can address."""
    yield target.uplink
    if plan.cluster(source).cluster.network == target.cluster.network:
        yield from (target.pods, target.lan)


def _set(networks: Iterable[IPv4Network]) -> str:
    return "{ " + ", ".join(map(str, networks)) + " }"


def _text(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
