"""How soon another cluster's endpoints are used: after the cluster is joined, and after a pod there is ready.

Clocks: the client in the pod, kubectl and this program run on one machine and read the same clock.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from bench.figures import Figure
from isthmus.cli.demo import traffic
from isthmus.cli.demo.members import SAMPLE, SYSTEM, Member
from isthmus.kube import kinds
from isthmus.kube.client import Query
from isthmus.kube.wait import Objects, wait_until
from isthmus.lab.calls import Call, Caller, Container, Steadiness, calling

INTERVAL = 0.01
"""Seconds between requests: a first answer is seen at most so much late, and by half more while v1 answers too."""
PATIENCE_SECONDS = 30.0


@asynccontextmanager
async def steady(client: Member) -> AsyncIterator[Caller]:
    """Requests to helloworld from this cluster's client pod, 100 per second."""
    container = Container(client.api, SAMPLE, await traffic.client_pod(client), "sleep")
    steadiness = Steadiness(f"http://{traffic.URL}", interval=INTERVAL)
    async with calling(container, steadiness) as caller:
        yield caller


async def secret_to_answer(kubeconfig: Path, here: Member, there: Member, rounds: int) -> tuple[Figure, Figure]:
    """From the remote secret's ``kubectl apply`` to the first answer of the far version: from its start and its end."""
    name = f"istio-remote-secret-{there.name}"
    kubectl = ("kubectl", "--kubeconfig", str(kubeconfig), "--context", here.context)
    words = (*kubectl, "-n", SYSTEM, "get", "secret", name, "-o", "json")
    manifest = await _output(words)
    from_start, from_end = [], []
    for _ in range(rounds):
        await here.api.delete(kinds.SECRET, name, namespace=SYSTEM)
        async with steady(here) as caller:
            await caller.until(_silent(there.version), seconds=PATIENCE_SECONDS)
            started = time.time()
            await _output((*kubectl, "apply", "-f", "-"), _new(manifest))
            ended = time.time()
            first = await _first(caller, lambda call: call.version == there.version, started)
        from_start.append(first - started)
        from_end.append(max(0.0, first - ended))
    return (
        Figure("remote secret: start of kubectl apply to first answer", tuple(from_start), "s", 0.5),
        Figure("remote secret: end of kubectl apply to first answer", tuple(from_end), "s"),
    )


async def ready_to_request(here: Member, there: Member, rounds: int) -> Figure:
    """From a far pod's Ready to its first answer; it is the only one, so that no connection sticks to another."""
    delays = []
    async with steady(here) as caller:
        for _ in range(rounds):
            await scale(there, 0)
            await caller.until(_silent(there.version), seconds=PATIENCE_SECONDS)
            await scale(there, 1)
            since, (pod,) = await ready(there, 1)
            first = await _first(caller, lambda call, pod=pod: call.instance == pod, since - 1)  # type: ignore[misc]
            delays.append(1e3 * (first - since))
    return Figure("remote pod (the only one): Ready to first answer", tuple(delays), "ms", 100)


async def _output(words: tuple[str, ...], text: bytes = b"") -> bytes:
    return (await asyncio.to_thread(subprocess.run, words, input=text, capture_output=True, check=True)).stdout


async def _first(caller: Caller, wanted: Callable[[Call], bool], since: float) -> float:
    """When the first call that is as wanted had its answer (Unix time)."""
    calls = await caller.until(lambda told: any(map(wanted, told)), since=since, seconds=PATIENCE_SECONDS)
    return min(call.ended for call in calls if wanted(call))


def _silent(version: str) -> Callable[[tuple[Call, ...]], bool]:
    def seen(calls: tuple[Call, ...]) -> bool:
        last = calls[-100:]
        return len(last) == 100 and all(call.version != version for call in last)

    return seen


async def scale(member: Member, replicas: int) -> None:
    """Sets how many pods of its version a cluster shall have."""
    name = f"helloworld-{member.version}"
    await member.api.merge_patch(kinds.DEPLOYMENT, name, {"spec": {"replicas": replicas}}, namespace=SAMPLE)


async def ready(member: Member, count: int) -> tuple[float, tuple[str, ...]]:
    """When the watch told that so many pods are ready, and no other is there; and their names."""

    def lacking(pods: Objects) -> str:
        ready = [pod for pod in pods.values() if _is_ready(pod)]
        return "" if len(ready) == len(pods) == count else f"{len(ready)} of {count} pods"

    query = Query(SAMPLE, labels=f"app=helloworld,version={member.version}")
    found = await wait_until(member.api, kinds.POD, query, lacking, seconds=PATIENCE_SECONDS)
    return time.time(), tuple(name for _, name in found)


def _is_ready(pod: dict[str, object]) -> bool:
    conditions = pod.get("status", {}).get("conditions", ())  # type: ignore[attr-defined]
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _new(manifest: bytes) -> bytes:
    """The object as it can be created again."""
    body = msgspec.json.decode(manifest)
    for field in ("uid", "resourceVersion", "creationTimestamp", "managedFields"):
        body["metadata"].pop(field, None)
    return msgspec.json.encode(body)
