"""Breaks a lab on purpose and mends it: links between clusters, and API servers.

Knows the lab's record of faults and the nodes' namespaces. A lab that is started again is whole.
"""

from pathlib import Path

import msgspec

from isthmus.lab import daemons, host, network
from isthmus.lab.layout import Layout, layout
from isthmus.lab.network import Cut, Slow
from isthmus.lab.node import control
from isthmus.lab.state import LabError, Record

_API_SERVER = "kube-apiserver"
_CONTROLLERS = "kube-controller-manager"


class Links(msgspec.Struct, frozen=True):
    """All links that are not whole. A link may be both cut and slow."""

    cuts: tuple[Cut, ...] = ()
    slow: tuple[Slow, ...] = ()

    def without(self, *pairs: frozenset[str]) -> "Links":
        """The same, but for the links between these pairs of clusters."""
        cuts = tuple(each for each in self.cuts if frozenset((each.source, each.target)) not in pairs)
        return Links(cuts, tuple(each for each in self.slow if frozenset((each.source, each.target)) not in pairs))

    def __len__(self) -> int:
        return len(self.cuts) + len(self.slow)


def cut(record: Record, source: str, target: str | None, *, one_way: bool = False) -> Links:
    """Cuts the link from `source` to `target` (None: to every other cluster); both ways unless `one_way`.

    One way, what `source` sends on its own connections to `target` is lost, while `target` can call `source`.
    The host still reaches both. What was cut between the two before is replaced.
    Returns all faults there are now. Raises LabError or TopologyError.
    """
    pairs = _pairs(record, source, target)
    made = [Cut(a, b, one_way) for a, b in pairs]
    if not one_way:
        made += [Cut(b, a) for a, b in pairs]
    now = links(layout(record.name))
    kept = now.without(*map(frozenset, pairs))
    return _store(record, Links((*kept.cuts, *made), now.slow))


def slow(record: Record, source: str, target: str | None, *, delay: int, loss: float) -> Links:
    """Delays each packet between two clusters (None: and every other) by `delay` milliseconds, in both directions.

    `loss` percent of them are lost. What was slow between the two before is replaced.
    Returns all faults there are now. Raises LabError or TopologyError.
    """
    pairs = _pairs(record, source, target)
    made = [Slow(*ends, delay, loss) for a, b in pairs for ends in ((a, b), (b, a))]
    now = links(layout(record.name))
    kept = now.without(*map(frozenset, pairs))
    return _store(record, Links(now.cuts, (*kept.slow, *made)))


def heal(record: Record, one: str | None = None, other: str | None = None) -> Links:
    """Mends all links, those of the cluster `one`, or those between `one` and `other`. Returns the faults that stay."""
    named = {record.topology.cluster(name).name for name in (one, other) if name}
    names = [each.name for each in record.topology.clusters]
    mended = (frozenset((a, b)) for a in names for b in names if named <= {a, b})
    return _store(record, links(layout(record.name)).without(*mended))


def links(files: Layout) -> Links:
    """The links that are cut or slow."""
    try:
        return msgspec.json.decode(files.faults.read_bytes(), type=Links)
    except FileNotFoundError:
        return Links()


def forget(files: Layout) -> None:
    """The rules went with their namespaces."""
    files.faults.unlink(missing_ok=True)


def stop_api(record: Record, cluster: str) -> None:
    """Kills a cluster's API server and keeps it down. Raises NodeError or TopologyError.

    The controllers end with it. Where they are elected, as nearly everywhere, they end when they cannot renew their
    lease, and start anew. Ones that stayed would take every node for lost when the API server is back, and its pods
    for not ready, because they look before they have heard of the nodes' leases again.
    """
    node = _control_plane(record, cluster)
    control.stop(node, _API_SERVER)
    control.stop(node, _CONTROLLERS)


def start_api(record: Record, cluster: str) -> None:
    """Starts a cluster's API server and controllers again. Raises NodeError or TopologyError."""
    node = _control_plane(record, cluster)
    control.resume(node, _API_SERVER)
    control.resume(node, _CONTROLLERS)


def _control_plane(record: Record, cluster: str) -> Path:
    node = record.plan().cluster(cluster).nodes[0].node.name
    return layout(record.name).node(node)


def _pairs(record: Record, source: str, target: str | None) -> list[tuple[str, str]]:
    topology = record.topology
    first = topology.cluster(source).name
    others = [topology.cluster(target).name] if target else [each.name for each in topology.clusters]
    pairs = [(first, other) for other in others if other != first]
    if not pairs:
        raise LabError(f"a link has two ends: name a cluster other than {first}")
    return pairs


def _store(record: Record, wanted: Links) -> Links:
    _load(record, wanted)
    layout(record.name).faults.write_bytes(msgspec.json.encode(wanted))
    return wanted


def _load(record: Record, wanted: Links) -> None:
    plan = record.plan()
    for cluster in plan.clusters:
        name = cluster.cluster.name
        for node in cluster.nodes:
            directory = layout(record.name).node(node.node.name)
            namespace = network.node_namespace(plan.name, node.node.name)
            _hold_back(directory, network.delays(plan, name, wanted.slow))
            host.load_rules(namespace, network.fault_rules(plan, name, wanted.cuts, wanted.slow))
            host.load_delays(namespace, network.delay_rules(plan, name, wanted.slow))


def _hold_back(directory: Path, delays: tuple[str, ...]) -> None:
    if delays:
        control.start(directory, daemons.delay(delays))
    elif any(each.name == daemons.DELAY for each in control.status(directory)):
        control.stop(directory, daemons.DELAY)
