"""Waiting for workloads, and saying why one is not ready.

Knows Deployments, DaemonSets and the pods behind them. Does not know components.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from isthmus.install.progress import Progress
from isthmus.install.render import Object
from isthmus.kube import kinds
from isthmus.kube.client import Client, Query
from isthmus.kube.errors import WaitTimeoutError
from isthmus.kube.readiness import missing
from isthmus.kube.wait import wait_ready

_KINDS = {"Deployment": kinds.DEPLOYMENT, "DaemonSet": kinds.DAEMON_SET}


async def wait_for_workloads(client: Client, objects: Sequence[Object], seconds: float, progress: Progress) -> None:
    """Wait until every Deployment and DaemonSet among the objects is ready.

    Raises WaitTimeoutError naming each that is not, and what its pods say.
    """
    workloads = [found for found in objects if found["kind"] in _KINDS]
    waits = (_wait(client, found, seconds, progress) for found in workloads)
    problems = [problem for problem in await asyncio.gather(*waits) if problem]
    if problems:
        raise WaitTimeoutError("; ".join(problems))


async def _wait(client: Client, found: Object, seconds: float, progress: Progress) -> str:
    metadata = found["metadata"]
    try:
        await wait_ready(
            client,
            _KINDS[found["kind"]],
            metadata["name"],
            namespace=metadata["namespace"],
            seconds=seconds,
            progress=progress.waiting,
        )
    except WaitTimeoutError as problem:
        return f"not ready {problem}{await _pods(client, found)}"
    return ""


async def _pods(client: Client, found: Object) -> str:
    """What the pods of a workload lack."""
    labels = found["spec"]["selector"]["matchLabels"]
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    pods = await client.list(kinds.POD, Query(found["metadata"]["namespace"], labels=selector))
    texts = [f"pod {pod['metadata']['name']} {text}" for pod in pods.items if (text := missing({**pod, "kind": "Pod"}))]
    return f" ({'; '.join(texts)})" if texts else " (no pod was created; see `kubectl get events`)"
