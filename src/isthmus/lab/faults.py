"""Breaks a lab on purpose and mends it: links between clusters, and API servers.

Knows the lab's record of cuts and the nodes' namespaces. A lab that is started again is whole.
"""

from pathlib import Path

import msgspec

from isthmus.lab import host, network
from isthmus.lab.addresses import Plan
from isthmus.lab.layout import Layout, layout
from isthmus.lab.network import Cut
from isthmus.lab.node import control
from isthmus.lab.state import LabError, Record

_API_SERVER = "kube-apiserver"


def cut(record: Record, source: str, target: str | None, *, one_way: bool = False) -> tuple[Cut, ...]:
    """Cuts the link from `source` to `target` (None: to every other cluster); both ways unless `one_way`.

    One way, `source` cannot open connections to `target`, while `target` can to `source`. The host still reaches both.
    What was cut between the two before is replaced. Returns all cuts there are now. Raises LabError or TopologyError.
    """
    topology = record.topology
    first = topology.cluster(source).name
    others = [topology.cluster(target).name] if target else [each.name for each in topology.clusters]
    pairs = [(first, other) for other in others if other != first]
    if not pairs:
        raise LabError(f"a link has two ends: name a cluster other than {first}")
    made = [Cut(a, b, one_way) for a, b in pairs]
    if not one_way:
        made += [Cut(b, a) for a, b in pairs]
    replaced = {frozenset(pair) for pair in pairs}
    kept = [each for each in cuts(layout(record.name)) if frozenset((each.source, each.target)) not in replaced]
    return _store(record, (*kept, *made))


def heal(record: Record, one: str | None = None, other: str | None = None) -> tuple[Cut, ...]:
    """Mends all links, those of the cluster `one`, or those between `one` and `other`. Returns the cuts that stay."""
    named = {record.topology.cluster(name).name for name in (one, other) if name}
    kept = [each for each in cuts(layout(record.name)) if not named <= {each.source, each.target}]
    return _store(record, tuple(kept))


def cuts(files: Layout) -> tuple[Cut, ...]:
    """The links that are cut."""
    try:
        return msgspec.json.decode(files.faults.read_bytes(), type=tuple[Cut, ...])
    except FileNotFoundError:
        return ()


def forget(files: Layout) -> None:
    """The rules went with their namespaces."""
    files.faults.unlink(missing_ok=True)


def stop_api(record: Record, cluster: str) -> None:
    """Kills a cluster's API server and keeps it down. Raises NodeError or TopologyError."""
    control.stop(_control_plane(record, cluster), _API_SERVER)


def start_api(record: Record, cluster: str) -> None:
    """Starts a cluster's API server again. Raises NodeError or TopologyError."""
    control.resume(_control_plane(record, cluster), _API_SERVER)


def _control_plane(record: Record, cluster: str) -> Path:
    node = record.plan().cluster(cluster).nodes[0].node.name
    return layout(record.name).node(node)


def _store(record: Record, wanted: tuple[Cut, ...]) -> tuple[Cut, ...]:
    _load(record.plan(), wanted)
    layout(record.name).faults.write_bytes(msgspec.json.encode(wanted))
    return wanted


def _load(plan: Plan, wanted: tuple[Cut, ...]) -> None:
    for cluster in plan.clusters:
        rules = network.fault_rules(plan, cluster.cluster.name, wanted)
        for node in cluster.nodes:
            host.load_rules(network.node_namespace(plan.name, node.node.name), rules)
