"""What one change costs from the graph to the acknowledgements, without an API server: a comparison in half a minute.

python -m bench.publishing [--case B] [--changes 200] [--rounds 3]

The server runs in this process and is changed one object at a time, the next when every client has acknowledged;
the clients run in another. Processor time is this process's, less what looking for acknowledgements takes; the
smallest of some rounds is shown, as other work on the machine only adds to it. Latency says little on a busy machine.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import resource
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, NoReturn

import msgspec
import uvloop
from prometheus_client import CollectorRegistry

from bench import fleet as fleets
from bench.bed import CASES
from bench.changes import virtual_service
from bench.population import Size, objects, pod_address, service_body, slice_body
from isthmus.api import mesh_config_layers
from isthmus.api.mesh_networks import MeshNetworks
from isthmus.collections import Batch
from isthmus.control_plane.collector import freeze_heap
from isthmus.control_plane.feeds import cluster_feeds, own_feeds
from isthmus.control_plane.intake import Intake
from isthmus.control_plane.logs import configure_logs
from isthmus.control_plane.mesh_graph import declare
from isthmus.control_plane.proxies import ConnectedProxies, in_words_of_streams
from isthmus.control_plane.settings import Settings
from isthmus.kube import kinds
from isthmus.kube.events import Change, Event
from isthmus.kube.kinds import Kind
from isthmus.rpc.server import RpcServer
from isthmus.xds.server import XdsServer
from isthmus.xds.settings import XdsSettings

CLUSTER = "cluster1"
POLL = 0.002
"""Seconds between looks for acknowledgements."""
OBJECTS = 20
"""Changes of a round that are not endpoints."""
Write = tuple[Change, Kind, dict[str, Any]]


class Spent(NamedTuple):
    """Of one change, in milliseconds: processor, the kernel's share of it, and time to the last acknowledgement."""

    processor: float
    kernel: float
    latency: float


class NoPages:
    """Nobody asks for debug pages."""

    identifier = ""

    def page(self, request: str, namespace: str | None) -> NoReturn:
        """None."""
        raise NotImplementedError

    def config_dump(self, proxy: str) -> NoReturn:
        """None."""
        raise NotImplementedError


class Mesh:
    """The control plane from its graph on."""

    def __init__(self, size: Size) -> None:
        registry = CollectorRegistry()
        graph = declare(Settings(cluster_id=CLUSTER), registry)
        proxies = ConnectedProxies(graph, lambda: True, _nobody_may)
        self.xds = XdsServer(proxies, NoPages(), registry, XdsSettings())
        self._feeds = {feed.reflected.kind: feed for feed in (*cluster_feeds(graph.sources), *own_feeds(graph.sources))}
        self._intake = Intake(CLUSTER, tuple(self._feeds.values()), graph.host.apply)
        graph.discovery.observe(self._announce)
        batch = Batch()
        batch.put(graph.sources.mesh, "", mesh_config_layers.mesh_config(()))
        batch.put(graph.sources.mesh_networks, "", MeshNetworks())
        graph.host.apply(batch)
        self._fill(objects(size))
        freeze_heap()

    def write(self, change: Change, kind: Kind, body: Mapping[str, Any]) -> None:
        """One watch event."""
        feed = self._feeds[kind]
        self._intake.sink(feed).change([Event(change, self._decoded(kind, body))])

    async def settled(self) -> float:
        """Waits until all clients have acknowledged everything; the seconds of processor that looking took."""
        looking = 0.0
        while True:
            await asyncio.sleep(POLL)
            started = time.thread_time()
            done = not any(stream.pending or _owing(stream.ledgers.values()) for stream in self.xds.connections)
            looking += time.thread_time() - started
            if done:
                return looking

    def _fill(self, found: Iterable[tuple[Kind, dict[str, Any]]]) -> None:
        by_kind: dict[Kind, list[Any]] = {kind: [] for kind in self._feeds}
        for kind, body in found:
            by_kind[kind].append(self._decoded(kind, body))
        for kind, items in by_kind.items():
            self._intake.sink(self._feeds[kind]).replace(items)

    def _decoded(self, kind: Kind, body: Mapping[str, Any]) -> Any:
        return msgspec.json.decode(json.dumps(body), type=self._feeds[kind].reflected.into)

    def _announce(self, changed: Mapping[str, Mapping[str, set[str]]]) -> None:
        for proxy, types in in_words_of_streams(changed):
            self.xds.changed(proxy, types)


def _owing(ledgers: Iterable[Any]) -> bool:
    return any(ledger.sent != ledger.acked for ledger in ledgers)


async def _nobody_may(*_: object) -> NoReturn:
    raise NotImplementedError


def endpoints(size: Size) -> Iterable[Write]:
    """One pod of a service less, then of the next, and so on; then they come back."""
    for count in itertools.cycle((size.pods - 1, size.pods)):
        for namespace, name in size.names():
            pods = [(f"{name}-{number}", pod_address(namespace, name, number)) for number in range(count)]
            yield "MODIFIED", kinds.ENDPOINT_SLICE, slice_body(namespace, name, pods)


def services(size: Size) -> Iterable[Write]:
    """A Service comes, then it goes."""
    for space in itertools.cycle(range(size.namespaces)):
        body = service_body(f"ns-{space:03}", f"svc-{size.services}")
        yield "ADDED", kinds.SERVICE, body
        yield "DELETED", kinds.SERVICE, body


def routes(size: Size) -> Iterable[Write]:
    """A VirtualService changes its timeout."""
    for seconds in itertools.count(1):
        yield "MODIFIED", kinds.VIRTUAL_SERVICE, virtual_service(("ns-000", "svc-0"), seconds)


CHANGES: Mapping[str, Callable[[Size], Iterable[Write]]] = {
    "endpoints": endpoints,
    "services": services,
    "routes": routes,
}


async def measured(mesh: Mesh, writes: Iterable[Write]) -> Spent:
    """What these changes cost, one after the other."""
    looking, began, before = 0.0, time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    count = 0
    for count, write in enumerate(writes, 1):  # noqa: B007 - the last count is the number of changes
        mesh.write(*write)
        looking += await mesh.settled()
    after, took = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter() - began
    kernel = after.ru_stime - before.ru_stime
    processor = after.ru_utime - before.ru_utime + kernel - looking
    return Spent(*(1e3 * seconds / count for seconds in (processor, kernel, took)))


@asynccontextmanager
async def connected(mesh: Mesh, proxies: list[tuple[str, str]]) -> AsyncIterator[fleets.Fleet]:
    """The server listens and all clients have what there is."""
    server = RpcServer()
    port = await server.listen([mesh.xds.service(None)], "127.0.0.1", 0)
    async with fleets.running() as fleet:
        await fleet.connect(f"127.0.0.1:{port}", proxies)
        await mesh.settled()
        yield fleet
    await server.close()


async def run(options: argparse.Namespace) -> None:
    """All kinds of changes."""
    isolated, count = CASES[options.case]
    size = Size(options.namespaces, options.services, isolated=isolated)
    proxies = [(f"proxy-{one}", f"ns-{one % size.namespaces:03}") for one in range(options.proxies or count)]
    mesh = Mesh(size)
    async with connected(mesh, proxies) as fleet:
        for name in (options.only,) if options.only else CHANGES:
            changes = options.changes if name == "endpoints" else OBJECTS
            writes = iter(CHANGES[name](size))
            await measured(mesh, itertools.islice(writes, changes))
            (_, before), rounds = await fleet.totals(), []
            for _ in range(options.rounds):
                rounds.append(await measured(mesh, itertools.islice(writes, changes)))
            sent = (await fleet.totals())[1] - before
            least = min(rounds)
            print(
                f"{name}: {least.processor:.2f} ms of processor, {least.kernel:.2f} in the kernel;"
                f" {least.latency:.1f} ms; {sent / changes / options.rounds / 1e3:.0f} kB",
                flush=True,
            )


def main() -> None:
    """Parses the command line and runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=sorted(CASES), default="B", help="isolated by Sidecar (A), or not (B)")
    parser.add_argument("--namespaces", type=int, default=100)
    parser.add_argument("--services", type=int, default=10, help="per namespace, 15 at most")
    parser.add_argument("--proxies", type=int, help="1,000 for A and 200 for B unless given")
    parser.add_argument("--changes", type=int, default=200, help="endpoints that change in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=CHANGES, help="this kind of change only")
    configure_logs("warning")
    uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
