"""Many changes and many reconnects against a control plane in a process of its own: its memory must not grow.

python -m bench.soak [--changes 100000] [--reconnects 10000] [--rounds 10] [--minutes 120]

A real kube-apiserver takes the changes. Some proxies stay connected all the time and must have every round's last
change; others come, get everything and go; every tenth sends garbage, every tenth rejects what it gets. Each round
ends with the resident memory. The exit status is 1 when the last round needs more than the second one by more than
``--growth`` per cent and 10 MB (the first fills caches), or when a proxy lacks a change.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc.aio

from bench import fleet as fleets
from bench import server as control_plane
from bench.bed import install_crds
from bench.changes import Endpoints
from bench.clients import CLUSTER, ENDPOINT, Proxy, Recorder
from bench.fleet import Fleet, Wanted
from bench.population import Size, populate
from isthmus.kube.access import load_kubeconfig
from isthmus.kube.client import Client
from isthmus.lab import apiserver
from isthmus.protos import pb
from isthmus.xds.variants import DELTA

STAYING = 5
AT_ONCE = 8
SLACK_MEGABYTES = 10
PATIENCE = 60.0


@dataclass(slots=True)
class Round:
    """What one round took, and what the control plane holds after it."""

    seconds: float
    megabytes: float
    descriptors: int


class Soak:
    """One run. ``names`` of proxies repeat after a thousand, as pods' do not, and streams of one name are paced."""

    def __init__(self, address: str, client: Client, size: Size) -> None:
        self._address = address
        self._size = size
        self._endpoints = Endpoints(client, size)
        self._services = itertools.cycle(size.names())
        self._numbers: Iterator[int] = itertools.cycle(range(1000))
        self._visits: dict[int, Callable[[str], Awaitable[None]]] = {0: self._garbage, 5: self._rejecting}

    async def round(self, changes: int, reconnects: int, fleet: Fleet) -> None:
        """So many of both, at the same time; then one change that all who stayed must have."""
        await fleet.clear()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._change(changes, fleet))
            shares = [reconnects // AT_ONCE + (number < reconnects % AT_ONCE) for number in range(AT_ONCE)]
            for share in shares:
                tasks.create_task(self._reconnect(share))
        await fleet.clear()
        written = await self._endpoints.change(next(self._services))
        await fleet.first(Wanted((ENDPOINT,), written.cluster, STAYING))

    async def _change(self, count: int, fleet: Fleet) -> None:
        for number in range(count):
            await self._endpoints.change(next(self._services))
            if number % 1000 == 0:
                await fleet.clear()

    async def _reconnect(self, count: int) -> None:
        for _ in range(count):
            number = next(self._numbers)
            async with asyncio.timeout(PATIENCE):
                await self._visits.get(number % 10, self._visit)(f"guest-{number}")

    async def _visit(self, name: str) -> None:
        guest = Proxy(self._address, name, "ns-000", Recorder())
        task = asyncio.create_task(guest.run())
        await asyncio.wait((task, asyncio.create_task(guest.warm.wait())), return_when=asyncio.FIRST_COMPLETED)
        assert guest.warm.is_set(), f"{name} was sent away"
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def _garbage(self, name: str) -> None:
        await self._raw(b"\xff" * 64)

    async def _rejecting(self, name: str) -> None:
        node = pb("envoy.config.core.v3.Node")(id=f"sidecar~10.250.0.1~{name}.ns-000~ns-000.svc.cluster.local")
        node.metadata.update({"NAMESPACE": "ns-000", "PROXY_CONFIG": {}, "ISTIO_VERSION": name})
        kind = pb("envoy.service.discovery.v3.DeltaDiscoveryRequest")
        rejection = kind(type_url=CLUSTER, response_nonce="x", error_detail={"message": "no" * 1000})
        await self._raw(kind(node=node, type_url=CLUSTER).SerializeToString(), *[rejection.SerializeToString()] * 20)

    async def _raw(self, *messages: bytes) -> None:
        options = (("grpc.use_local_subchannel_pool", 1),)
        async with grpc.aio.insecure_channel(self._address, options=options) as channel:
            call: Any = channel.stream_stream(DELTA.method, None, None)()
            with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
                for message in messages:
                    await call.write(message)
                await call.read()
            call.cancel()


async def measure(options: argparse.Namespace, api: Any, directory: Path) -> list[Round]:
    """All rounds, or as many as fit into the time."""
    size = Size(options.namespaces, options.services)
    (directory / "kubeconfig").write_text(api.kubeconfig)
    ports = apiserver.free_ports(2)
    rounds: list[Round] = []
    async with Client(load_kubeconfig(api.kubeconfig)) as client, fleets.running() as fleet:
        await install_crds(client)
        await populate(client, size)
        began = time.perf_counter()
        with control_plane.running(directory / "kubeconfig", directory, ports) as server:
            await fleet.connect(server.grpc, [(f"proxy-{number}", "ns-000") for number in range(STAYING)])
            soak = Soak(server.grpc, client, Size(1, options.services))
            while len(rounds) < options.rounds and time.perf_counter() - began < options.minutes * 60:
                started = time.perf_counter()
                share = options.rounds
                await soak.round(options.changes // share, options.reconnects // share, fleet)
                seconds = time.perf_counter() - started
                rounds.append(Round(seconds, server.resident_megabytes(), server.descriptors()))
                show(len(rounds), rounds[-1], options)
            await fleet.disconnect()
            log = (directory / "control-plane.log").stat().st_size
            print(f"CPU {server.cpu_seconds():.0f} s in {time.perf_counter() - began:.0f} s, log {log / 1e6:.1f} MB")
    return rounds


def show(number: int, one: Round, options: argparse.Namespace) -> None:
    """One line."""
    share = options.rounds
    print(
        f"round {number}: {options.changes // share} changes, {options.reconnects // share} reconnects "
        f"in {one.seconds:.1f} s; {one.megabytes:.1f} MB resident, {one.descriptors} descriptors",
        flush=True,
    )


def grew(rounds: list[Round], percent: float) -> str:
    """What grew beyond what is allowed; empty when nothing did."""
    if len(rounds) < 3:
        return "fewer than three rounds: nothing can be said"
    base, last = rounds[1], rounds[-1]
    if last.megabytes > base.megabytes * (1 + percent / 100) + SLACK_MEGABYTES:
        return f"memory grew from {base.megabytes:.1f} to {last.megabytes:.1f} MB"
    if last.descriptors > base.descriptors + AT_ONCE:
        return f"descriptors grew from {base.descriptors} to {last.descriptors}"
    return ""


def main() -> None:
    """Parses the command line and runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=100_000)
    parser.add_argument("--reconnects", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=120.0, help="no round begins later")
    parser.add_argument("--namespaces", type=int, default=10)
    parser.add_argument("--services", type=int, default=10, help="per namespace")
    parser.add_argument("--growth", type=float, default=5.0, help="per cent of memory that may be gained")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work, apiserver.running(Path(work) / "api", print) as api:
        problem = grew(asyncio.run(measure(options, api, Path(work))), options.growth)
    if problem:
        sys.exit(problem)
    print("nothing grew")


if __name__ == "__main__":
    main()
