"""How much later a pod is ready when it has a sidecar. Knows pods; both kinds are made in turn, one at a time."""

from __future__ import annotations

import statistics
import time
from typing import Any

from bench.figures import Figure
from isthmus.cli.demo.members import SAMPLE, Member
from isthmus.kube import kinds
from isthmus.kube.client import Deletion
from isthmus.kube.wait import wait_gone, wait_ready

SECONDS = 60.0


async def sidecar_cost(member: Member, rounds: int) -> tuple[Figure, Figure, Figure]:
    """Creation to Ready without and with a sidecar, and the difference of the medians (probed each second)."""
    without, beside = [], []
    for _ in range(rounds):
        without.append(await _creation_to_ready(member, sidecar=False))
        beside.append(await _creation_to_ready(member, sidecar=True))
    more = statistics.median(beside) - statistics.median(without)
    return (
        Figure("pod without sidecar: creation to Ready", tuple(without), "s"),
        Figure("pod with sidecar: creation to Ready", tuple(beside), "s"),
        Figure("pod with sidecar: Ready later by", (more,), "s", 2),
    )


async def _creation_to_ready(member: Member, *, sidecar: bool) -> float:
    body = _pod(sidecar=sidecar)
    name = body["metadata"]["name"]
    started = time.perf_counter()
    await member.api.create(kinds.POD, body)
    await wait_ready(member.api, kinds.POD, name, namespace=SAMPLE, seconds=SECONDS)
    seconds = time.perf_counter() - started
    await member.api.delete(kinds.POD, name, namespace=SAMPLE, options=Deletion(grace_period_seconds=0))
    await wait_gone(member.api, kinds.POD, name, namespace=SAMPLE, seconds=SECONDS)
    return seconds


def _pod(*, sidecar: bool) -> dict[str, Any]:
    labels = {"app": "startup", "sidecar.istio.io/inject": "true" if sidecar else "false"}
    container = {
        "name": "app",
        "image": "docker.io/istio/examples-helloworld-v1:1.0",
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"containerPort": 5000}],
        "readinessProbe": {"httpGet": {"path": "/health", "port": 5000}, "periodSeconds": 1},
    }
    metadata = {"name": "with-sidecar" if sidecar else "without-sidecar", "namespace": SAMPLE, "labels": labels}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}
