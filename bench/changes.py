"""Changes to a mesh, one at a time or at a steady rate, and how long proxies take to know."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.clients import CLUSTER, ENDPOINT, LISTENER, ROUTE, VIRTUAL_HOST, Update
from bench.fleet import Fleet, Wanted
from bench.population import Size, pod_address, service_body, slice_body
from isthmus.kube import kinds
from isthmus.kube.client import Client
from isthmus.kube.kinds import Kind

ROUTES = (ROUTE, VIRTUAL_HOST)
Name = tuple[str, str]
"""Namespace and name of a service."""


@dataclass(frozen=True, slots=True)
class Written:
    """One change: the outbound cluster that it concerns, when it was sent and when the API server answered."""

    cluster: str
    sent: float
    answered: float


def outbound(name: Name) -> str:
    """The cluster of a service."""
    return f"outbound|80||{name[1]}.{name[0]}.svc.cluster.local"


class Endpoints:
    """Takes pods from services and gives them back, so that every write is a change."""

    def __init__(self, client: Client, size: Size) -> None:
        self._client = client
        self._size = size
        self._short: set[Name] = set()  # services that lack a pod now

    async def change(self, name: Name) -> Written:
        """One more or one less pod of a service."""
        self._short ^= {name}
        namespace, service = name
        count = self._size.pods - (name in self._short)
        pods = [(f"{service}-{index}", pod_address(namespace, service, index)) for index in range(count)]
        sent = time.perf_counter()
        await self._client.replace(kinds.ENDPOINT_SLICE, slice_body(namespace, service, pods))
        return Written(outbound(name), sent, time.perf_counter())

    async def one_by_one(self, names: Sequence[Name], count: int, affected: int, fleet: Fleet) -> list[float]:
        """Seconds from the API server's answer to the update at each of the affected proxies, for single changes."""
        delays: list[float] = []
        for name in itertools.islice(itertools.cycle(names), count):
            await fleet.clear()
            written = await self.change(name)
            delays += [
                at - written.answered for at in await fleet.first(Wanted((ENDPOINT,), written.cluster, affected))
            ]
        return delays

    async def at_rate(self, rate: float, seconds: float) -> list[Written]:
        """So many changes per second; writes do not wait for each other."""
        start = time.perf_counter()
        names = itertools.islice(itertools.cycle(self._size.names()), int(rate * seconds))
        async with asyncio.TaskGroup() as tasks:
            changes = []
            for number, name in enumerate(names):
                await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
                changes.append(tasks.create_task(self.change(name)))
        return [change.result() for change in changes]


def delays_of(changes: Iterable[Written], updates: Iterable[Update]) -> list[float]:
    """For each change and client the first update since it was sent."""
    arrivals: dict[str, dict[str, list[float]]] = {}
    for update in updates:
        for name in update.names if update.type_url == ENDPOINT else ():
            arrivals.setdefault(name, {}).setdefault(update.client, []).append(update.at)
    found = (
        (change, next((at for at in moments if at >= change.sent), None))
        for change in changes
        for moments in arrivals.get(change.cluster, {}).values()
    )
    return [at - change.answered for change, at in found if at is not None]


class Objects:
    """Whole objects that come, change and go."""

    def __init__(self, client: Client, fleet: Fleet) -> None:
        self._client = client
        self._fleet = fleet

    async def add_service(self, namespace: str, number: int, affected: int) -> tuple[list[float], list[float]]:
        """Seconds to its cluster, from the Service's write, and to its endpoints, from the last write."""
        name = (namespace, f"svc-{number}")
        await self._fleet.clear()
        service_at = await self.make_service(name)
        slice_at = time.perf_counter()
        clusters = await self._fleet.first(Wanted((CLUSTER,), outbound(name), affected))
        endpoints = await self._fleet.first(Wanted((ENDPOINT,), outbound(name), affected))
        return [at - service_at for at in clusters], [at - slice_at for at in endpoints]

    async def make_service(self, name: Name) -> float:
        """A Service with an endpoint; the moment at which the API server had the Service."""
        await self._client.create(kinds.SERVICE, service_body(*name))
        at = time.perf_counter()
        pods = [(f"{name[1]}-new", pod_address(*name, 0))]
        await self._client.create(kinds.ENDPOINT_SLICE, slice_body(*name, pods))
        return at

    async def remove_service(self, namespace: str, number: int) -> None:
        """What ``add_service`` made."""
        for kind in (kinds.ENDPOINT_SLICE, kinds.SERVICE):
            await self._client.delete(kind, f"svc-{number}", namespace=namespace)
        await asyncio.sleep(0.5)

    async def routes(self, name: Name, seconds: int, affected: int) -> list[float]:
        """Seconds until routes follow a VirtualService of a service, whose timeout is set."""
        await self._fleet.clear()
        at = await self._applied(kinds.VIRTUAL_SERVICE, virtual_service(name, seconds))
        return [arrival - at for arrival in await self._fleet.first(Wanted(ROUTES, "", affected))]

    async def strict(self, count: int) -> list[float]:
        """Seconds until all proxies demand TLS; undone again."""
        await self._fleet.clear()
        at = await self.make_strict()
        arrivals = await self._fleet.first(Wanted((LISTENER,), "", count))
        await self._fleet.clear()
        await self._client.delete(kinds.PEER_AUTHENTICATION, "default", namespace="istio-system")
        await self._fleet.first(Wanted((LISTENER,), "", count))
        return [arrival - at for arrival in arrivals]

    async def make_strict(self) -> float:
        """A PeerAuthentication for the whole mesh; the moment at which the API server had it."""
        body = _object("security", "PeerAuthentication", ("istio-system", "default"), {"mtls": {"mode": "STRICT"}})
        return await self._applied(kinds.PEER_AUTHENTICATION, body)

    async def _applied(self, kind: Kind, body: dict[str, Any]) -> float:
        await self._client.apply(kind, body)
        return time.perf_counter()


def virtual_service(name: Name, seconds: int) -> dict[str, Any]:
    """A VirtualService of a service with a timeout."""
    host = f"{name[1]}.{name[0]}.svc.cluster.local"
    route = {"route": [{"destination": {"host": host}}], "timeout": f"{seconds}s"}
    return _object("networking", "VirtualService", name, {"hosts": [host], "http": [route]})


def _object(group: str, kind: str, name: Name, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"namespace": name[0], "name": name[1]}
    return {"apiVersion": f"{group}.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}
