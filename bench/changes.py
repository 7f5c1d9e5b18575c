"""Endpoints that change, one at a time or at a steady rate, and how long proxies take to know."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass

from bench.clients import ENDPOINT, Recorder
from bench.population import Size, pod_address, slice_body
from isthmus.kube import kinds
from isthmus.kube.client import Client


@dataclass(frozen=True, slots=True)
class Written:
    """One change: the outbound cluster that it concerns, when it was sent and when the API server answered."""

    cluster: str
    sent: float
    answered: float


class Endpoints:
    """Takes pods from services and gives them back, so that every write is a change."""

    def __init__(self, client: Client, size: Size) -> None:
        self._client = client
        self._size = size
        self._short: set[tuple[str, str]] = set()  # services that lack a pod now

    async def change(self, name: tuple[str, str]) -> Written:
        """One more or one less pod of a service (namespace, name)."""
        self._short ^= {name}
        namespace, service = name
        count = self._size.pods - (name in self._short)
        pods = [(f"{service}-{index}", pod_address(namespace, service, index)) for index in range(count)]
        sent = time.perf_counter()
        await self._client.replace(kinds.ENDPOINT_SLICE, slice_body(namespace, service, pods))
        return Written(f"outbound|80||{service}.{namespace}.svc.cluster.local", sent, time.perf_counter())


async def one_by_one(endpoints: Endpoints, size: Size, count: int, affected: int, recorder: Recorder) -> list[float]:
    """Seconds from the API server's answer to the update at each of the affected proxies, for single changes."""
    delays: list[float] = []
    for name in itertools.islice(itertools.cycle(size.names()), count):
        recorder.clear()
        written = await endpoints.change(name)
        updates = await recorder.collect(ENDPOINT, written.cluster, affected)
        delays += [update.at - written.answered for update in updates]
    return delays


async def at_rate(endpoints: Endpoints, size: Size, rate: float, seconds: float, recorder: Recorder) -> list[float]:
    """The same while so many changes are made per second; writes do not wait for each other."""
    recorder.clear()
    start = time.perf_counter()
    names = itertools.islice(itertools.cycle(size.names()), int(rate * seconds))
    async with asyncio.TaskGroup() as tasks:
        changes = []
        for number, name in enumerate(names):
            await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
            changes.append(tasks.create_task(endpoints.change(name)))
    await asyncio.sleep(1.0)
    return list(_delays([change.result() for change in changes], recorder))


def _delays(changes: Iterable[Written], recorder: Recorder) -> Iterable[float]:
    """For each change and client the first update since it was sent."""
    arrivals: dict[str, dict[str, list[float]]] = {}
    for update in recorder.updates:
        for name in update.names if update.type_url == ENDPOINT else ():
            arrivals.setdefault(name, {}).setdefault(update.client, []).append(update.at)
    for change in changes:
        for moments in arrivals.get(change.cluster, {}).values():
            first = next((at for at in moments if at >= change.sent), None)
            if first is not None:
                yield first - change.answered
