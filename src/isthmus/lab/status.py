"""How a lab fares: per cluster its API server, nodes, daemons; per lab the links that are cut or slow.

Knows what to ask. Changes nothing.
"""

import asyncio

import msgspec

from isthmus.kube import kinds
from isthmus.kube.client import Client
from isthmus.kube.errors import KubeError
from isthmus.lab import faults
from isthmus.lab.addresses import ClusterPlan, Plan
from isthmus.lab.clusters import client
from isthmus.lab.daemons import DELAY
from isthmus.lab.layout import Layout, layout
from isthmus.lab.network import Cut, Slow
from isthmus.lab.node import control
from isthmus.lab.node.spec import DaemonStatus
from isthmus.lab.state import Record


class ClusterStatus(msgspec.Struct, frozen=True):
    """One cluster. `problem` is empty when all is well; `daemons` are those that do not run, as node/name."""

    name: str
    network: str
    api: str
    version: str
    nodes: int
    ready_nodes: int
    pods: str
    load_balancers: str
    daemons_down: tuple[str, ...]
    problem: str


class LabStatus(msgspec.Struct, frozen=True):
    """One lab."""

    name: str
    topology: str
    clusters: tuple[ClusterStatus, ...]
    cuts: tuple[Cut, ...]
    slow: tuple[Slow, ...]

    @property
    def is_well(self) -> bool:
        """Whether every cluster is."""
        return not any(cluster.problem for cluster in self.clusters)


def status(record: Record) -> LabStatus:
    """Asks all clusters at once. Clusters that do not answer are reported, not raised."""
    plan, files = record.plan(), layout(record.name)
    clusters = asyncio.run(_all(plan, files))
    links = faults.links(files)
    return LabStatus(record.name, record.topology.name, clusters, links.cuts, links.slow)


async def _all(plan: Plan, files: Layout) -> tuple[ClusterStatus, ...]:
    return tuple(await asyncio.gather(*(_cluster(files, cluster) for cluster in plan.clusters)))


async def _cluster(files: Layout, cluster: ClusterPlan) -> ClusterStatus:
    down = _daemons_down(files, cluster)
    version, ready, problem = "", 0, ""
    try:
        async with client(files, cluster.cluster.name) as api:
            version, ready = await _ask(api)
    except KubeError as error:
        problem = str(error)
    if not problem and ready < len(cluster.nodes):
        problem = f"{len(cluster.nodes) - ready} nodes are not Ready"
    if not problem and down:
        problem = "daemons are down"
    return ClusterStatus(
        name=cluster.cluster.name,
        network=cluster.cluster.network,
        api=cluster.api_url,
        version=version,
        nodes=len(cluster.nodes),
        ready_nodes=ready,
        pods=str(cluster.pods),
        load_balancers=str(cluster.load_balancers),
        daemons_down=down,
        problem=problem,
    )


async def _ask(api: Client) -> tuple[str, int]:
    nodes = (await api.list(kinds.NODE)).items
    ready = [node for node in nodes if _is_ready(node)]
    versions = sorted({node["status"]["nodeInfo"]["kubeletVersion"] for node in nodes})
    return ", ".join(versions), len(ready)


def _is_ready(node: dict[str, dict[str, list[dict[str, str]]]]) -> bool:
    conditions = node["status"].get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _is_missed(daemon: DaemonStatus) -> bool:
    """A link that is no longer slow needs its program no longer."""
    return not daemon.pid and (daemon.wanted or daemon.name != DELAY)


def _daemons_down(files: Layout, cluster: ClusterPlan) -> tuple[str, ...]:
    down = []
    for node in cluster.nodes:
        name = node.node.name
        try:
            down += [f"{name}/{daemon.name}" for daemon in _status(files, name) if _is_missed(daemon)]
        except control.NodeError:
            down.append(f"{name}/all")
    return tuple(down)


def _status(files: Layout, node: str) -> tuple[DaemonStatus, ...]:
    return control.status(files.node(node))
