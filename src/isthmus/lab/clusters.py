"""Brings up one cluster on its nodes, in the order that costs the least time, and waits until it is of use.

Knows daemons and the API objects that tell their state.
"""

import asyncio
import datetime
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isthmus.kube import kinds
from isthmus.kube.access import load_kubeconfig
from isthmus.kube.client import Client, Query, Writing
from isthmus.kube.errors import KubeError
from isthmus.kube.transport import Call, Timeouts
from isthmus.lab import addons, daemons, nodes
from isthmus.lab.addresses import ClusterPlan, Plan
from isthmus.lab.daemons import Site
from isthmus.lab.layout import Layout
from isthmus.lab.node import control
from isthmus.lab.node.spec import Daemon
from isthmus.lab.progress import Progress
from isthmus.lab.state import LabError

READY_SECONDS = 180.0
POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Ground:
    """What all clusters of a lab stand on."""

    plan: Plan
    layout: Layout
    programs: dict[str, Path]
    template: Path
    progress: Progress


async def raise_cluster(ground: Ground, cluster: ClusterPlan) -> None:
    """Starts what does not run, and returns when all nodes and DNS are Ready. Raises LabError with what is missing."""
    name = cluster.cluster.name
    sites = [Site(ground.plan, node, ground.layout, ground.programs) for node in cluster.nodes]
    ground.progress.waits(name, "nodes")
    started = datetime.datetime.now(datetime.UTC)
    fresh = await asyncio.gather(*(asyncio.to_thread(nodes.ensure, site, ground.template) for site in sites))
    for site in sites:
        await _start(site, daemons.first(site))
    async with client(ground.layout, name) as api:
        await _wait(ground, name, "the API server", lambda: _api_is_ready(api))
        for site in sites:
            await _wait(ground, name, "the container runtime", lambda site=site: _runtime_is_ready(site))  # type: ignore[misc]
            await asyncio.to_thread(nodes.refresh_images, site, ground.template)
            await _start(site, daemons.second(site))
        await _wait(ground, name, "its own objects", lambda: _apply_addons(api, ground))
        since = started if any(fresh) else None
        await _wait(ground, name, "Ready nodes", lambda: _nodes_are_ready(api, len(sites), since))
        await _wait(ground, name, "DNS", lambda: _dns_is_ready(api, since))
    ground.progress.done(name)


def client(files: Layout, cluster: str) -> Client:
    """An administrator's client for one cluster; everything is on this machine, which may be a busy one."""
    access = load_kubeconfig(files.kubeconfig, cluster)
    return Client(access, timeouts=Timeouts(connect=5.0, request=30.0))


async def _start(site: Site, wanted: tuple[Daemon, ...]) -> None:
    directory = site.layout.node(site.node.node.name)
    for daemon in wanted:
        await asyncio.to_thread(control.start, directory, daemon)


async def _wait(ground: Ground, cluster: str, what: str, check: Callable[[], Awaitable[str]]) -> None:
    """Polls `check` until it returns an empty string. Raises LabError with its last answer.

    An API server that does not answer in time, as on a busy machine, is asked again.
    """
    ground.progress.waits(cluster, what)
    deadline = time.monotonic() + READY_SECONDS
    while problem := await _answer(check):
        if time.monotonic() > deadline:
            raise LabError(f"{cluster}: waited {READY_SECONDS:.0f} s for {what}: {problem}. {_where(ground, cluster)}")
        await asyncio.sleep(POLL_SECONDS)


async def _answer(check: Callable[[], Awaitable[str]]) -> str:
    try:
        return await check()
    except KubeError as problem:
        return str(problem)


def _where(ground: Ground, cluster: str) -> str:
    logs = ground.layout.node(ground.plan.cluster(cluster).nodes[0].node.name) / "logs"
    return f"The logs are in {logs}. `isthmus lab up` tries again, `isthmus lab down` before it starts afresh"


async def _api_is_ready(api: Client) -> str:
    await api.request(Call("GET", "/readyz"))
    return ""


async def _runtime_is_ready(site: Site) -> str:
    """Asks the runtime which of its plug-ins work."""
    socket = site.layout.containerd_socket(site.node.node.name)
    if not socket.exists():
        return "it has no socket yet"
    # From its own directory, since the path of a socket may have 107 bytes.
    process = await asyncio.create_subprocess_exec(
        *("ctr", "--address", socket.name, "plugins", "ls"),
        cwd=socket.parent,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    lines = [line.split() for line in output.decode().splitlines()]
    ready = any("cri" in line and line[-1] == "ok" for line in lines)
    return "" if ready else errors.decode().strip() or "its CRI plug-in is not ready"


async def _apply_addons(api: Client, ground: Ground) -> str:
    for body in addons.objects(ground.plan, ground.layout.names):
        kind = await api.kind_of(body["apiVersion"], body["kind"])
        await api.apply(kind, body, writing=Writing(manager="isthmus-lab"))
    return ""


async def _nodes_are_ready(api: Client, count: int, since: datetime.datetime | None) -> str:
    listed = (await api.list(kinds.NODE)).items
    ready = [node for node in listed if _condition_holds(node, "Ready", "lastHeartbeatTime", since)]
    return "" if len(ready) >= count else f"{len(ready)} of {count} nodes are Ready"


async def _dns_is_ready(api: Client, since: datetime.datetime | None) -> str:
    pods = (await api.list(kinds.POD, Query(namespace="kube-system", labels="k8s-app=kube-dns"))).items
    ready = [pod for pod in pods if _condition_holds(pod, "Ready", "", None) and _runs_since(pod, since)]
    return "" if ready else "no CoreDNS pod is Ready"


def _condition_holds(body: dict[str, Any], kind: str, stamp: str, since: datetime.datetime | None) -> bool:
    """Whether a condition is true, and was said to be at a time after `since`: old ones survive a hard end."""
    for condition in body.get("status", {}).get("conditions", ()):
        if condition["type"] == kind and condition["status"] == "True":
            return since is None or not stamp or _is_after(condition[stamp], since)
    return False


def _runs_since(pod: dict[str, Any], since: datetime.datetime | None) -> bool:
    states = [status.get("state", {}).get("running") for status in pod["status"].get("containerStatuses", ())]
    return bool(states) and all(
        state is not None and (since is None or _is_after(state["startedAt"], since)) for state in states
    )


def _is_after(stamp: str, since: datetime.datetime) -> bool:
    """Kubernetes' times have whole seconds."""
    return datetime.datetime.fromisoformat(stamp) >= since.replace(microsecond=0)
