"""How much later a pod is ready when it has a sidecar. Knows pods; both kinds are made in turn, one at a time.

Measured as installed, with the sidecar as an ordinary container, and with a hook in place of the proxy's startup
probe, for which the injector's ConfigMap is changed for a while.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.figures import Figure
from isthmus.cli.demo.members import SAMPLE, SYSTEM, Member
from isthmus.kube import kinds
from isthmus.kube.client import Deletion, Writing
from isthmus.kube.wait import wait_gone, wait_ready

SECONDS = 60.0
LOOK_SECONDS = 1.0
"""How often a kubelet looks at all its containers.

The former pod is gone at such a look, so that pods made right then would all meet the next ones in the same way:
they are made at moments that are spread over the time between two looks, as a user's are.
"""
INJECTOR = "istio-sidecar-injector"


@dataclass(frozen=True, slots=True, eq=False)
class _Kind:
    """A kind of pod."""

    what: str
    inject: str = "true"
    annotations: Mapping[str, str] = field(default_factory=dict)


WITHOUT = _Kind("pod without sidecar", inject="false")
NATIVE = _Kind("pod with sidecar")
ORDINARY = _Kind(
    "pod with sidecar, sidecar.istio.io/nativeSidecar=false", annotations={"sidecar.istio.io/nativeSidecar": "false"}
)
HOOKED = _Kind("pod with sidecar, startupProbe.enabled=false")


async def sidecar_cost(member: Member, rounds: int) -> tuple[Figure, ...]:
    """Creation to Ready without and with a sidecar, and the difference of the medians (probed each second)."""
    taken: dict[_Kind, list[float]] = {kind: [] for kind in (WITHOUT, NATIVE, ORDINARY, HOOKED)}
    moments = [part / rounds * LOOK_SECONDS for part in range(rounds)]
    for moment in moments:
        for kind in (WITHOUT, NATIVE, ORDINARY):
            taken[kind].append(await _creation_to_ready(member, kind, moment))
    async with _without_startup_probe(member):
        for moment in moments:
            taken[HOOKED].append(await _creation_to_ready(member, HOOKED, moment))
    least = statistics.median(taken[WITHOUT])
    return (
        *(Figure(f"{kind.what}: creation to Ready", tuple(seconds), "s") for kind, seconds in taken.items()),
        *(
            Figure(f"{kind.what}: Ready later by", (statistics.median(taken[kind]) - least,), "s", 2)
            for kind in (NATIVE, ORDINARY, HOOKED)
        ),
    )


async def _creation_to_ready(member: Member, kind: _Kind, moment: float) -> float:
    body = _pod(kind)
    name = body["metadata"]["name"]
    await asyncio.sleep(moment)
    started = time.perf_counter()
    await member.api.create(kinds.POD, body)
    await wait_ready(member.api, kinds.POD, name, namespace=SAMPLE, seconds=SECONDS)
    seconds = time.perf_counter() - started
    await member.api.delete(kinds.POD, name, namespace=SAMPLE, options=Deletion(grace_period_seconds=0))
    await wait_gone(member.api, kinds.POD, name, namespace=SAMPLE, seconds=SECONDS)
    return seconds


@asynccontextmanager
async def _without_startup_probe(member: Member) -> AsyncIterator[None]:
    """As ``values.global.proxy.startupProbe.enabled=false`` installs it; put back in the end."""
    live = await member.api.get(kinds.CONFIG_MAP, INJECTOR, namespace=SYSTEM)
    before = live["data"]["values"]
    values = json.loads(before)
    values["global"]["proxy"]["startupProbe"]["enabled"] = False
    await _put(member, json.dumps(values), probed=False)
    try:
        yield
    finally:
        await _put(member, before, probed=True)


async def _put(member: Member, values: str, *, probed: bool) -> None:
    patch = {"data": {"values": values}}
    await member.api.merge_patch(kinds.CONFIG_MAP, INJECTOR, patch, namespace=SYSTEM)
    async with asyncio.timeout(SECONDS):
        while await _is_probed(member) != probed:
            pass  # the control plane takes a moment to hear of it


async def _is_probed(member: Member) -> bool:
    """Whether the proxy of a pod made now would have a startup probe."""
    pod = await member.api.create(kinds.POD, _pod(HOOKED), writing=Writing(dry_run=True))
    containers = [*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]]
    return any("startupProbe" in each for each in containers if each["name"] == "istio-proxy")


def _pod(kind: _Kind) -> dict[str, Any]:
    container = {
        "name": "app",
        "image": "docker.io/istio/examples-helloworld-v1:1.0",
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"containerPort": 5000}],
        "readinessProbe": {"httpGet": {"path": "/health", "port": 5000}, "periodSeconds": 1},
    }
    metadata = {
        "name": "startup",
        "namespace": SAMPLE,
        "labels": {"app": "startup", "sidecar.istio.io/inject": kind.inject},
        "annotations": dict(kind.annotations),
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}
