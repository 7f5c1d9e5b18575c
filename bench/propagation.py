"""How long from a change, written to the API server, to the update at the connected proxies, and what it costs.

python -m bench.propagation [--case B] [--changes 200] [--seconds 60] [--whole-tables] [--rows virtual-services]

The time runs from the API server's answer to a write until the update has arrived at a proxy; it is taken for each
proxy that the change concerns.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import time
from typing import NamedTuple

from bench import bed as beds
from bench.bed import Bed
from bench.changes import Endpoints, Objects, delays_of
from bench.report import Report
from bench.server import Server

ROWS = ("endpoints", "rates", "services", "virtual-services", "mesh-wide")
ROUNDS = 10
"""Of changes that are not endpoints."""
Limits = tuple[float | None, float | None]


class Targets(NamedTuple):
    """Of one case: milliseconds (median, 99th percentile), processor seconds per 1,000 changes, megabytes."""

    one: Limits
    rate: Limits
    cpu: float
    object: Limits
    mesh: float
    memory: float


TARGETS = {
    "A": Targets(one=(5, 25), rate=(20, 100), cpu=1.5, object=(20, 60), mesh=500, memory=220),
    "B": Targets(one=(15, 60), rate=(None, None), cpu=15, object=(None, 100), mesh=1000, memory=350),
}


class Run:
    """One run against a server."""

    def __init__(self, bed: Bed, server: Server, report: Report) -> None:
        self._bed = bed
        self._server = server
        self._report = report
        self._targets = TARGETS[bed.options.case]
        self._names = tuple(bed.size.names())
        self._endpoints = Endpoints(bed.client, bed.size)
        self._objects = Objects(bed.client, bed.fleet)

    async def all(self) -> None:
        """Every row that is wanted."""
        targets, report = self._targets, self._report
        report.add("memory, all connected", self._server.resident_megabytes(), "MB", targets.memory)
        rows = {
            "endpoints": self.single_endpoints,
            "rates": self.rates,
            "services": self.services,
            "virtual-services": self.virtual_services,
            "mesh-wide": self.mesh_wide,
        }
        for name in self._bed.options.rows:
            await rows[name]()
        report.add("memory after churn", self._server.resident_megabytes(), "MB", targets.memory)
        await self.idle()

    async def rates(self) -> None:
        """Few changes a second, and many."""
        for rate, seconds in ((20.0, self._bed.options.seconds), (200.0, min(10.0, self._bed.options.seconds))):
            await self.endpoints_at(rate, seconds)

    async def single_endpoints(self) -> None:
        """One by one."""
        bed, count = self._bed, self._bed.options.changes
        before, (_, bytes_before) = self._server.cpu_seconds(), await bed.fleet.totals()
        delays = await self._endpoints.one_by_one(self._names, count, bed.affected, bed.fleet)
        spent, (_, size) = self._server.cpu_seconds() - before, await bed.fleet.totals()
        self._report.delays("one endpoint changes", delays, *self._targets.one)
        self._report.add("processor per 1,000 such changes", spent / count * 1000, "s", self._targets.cpu)
        self._report.add("bytes per such change", (size - bytes_before) / count / 1e3, "kB")

    async def endpoints_at(self, rate: float, seconds: float) -> None:
        """At a steady rate."""
        await self._bed.fleet.clear()
        before = self._server.cpu_seconds()
        changes = await self._endpoints.at_rate(rate, seconds)
        await asyncio.sleep(1.0)
        spent = self._server.cpu_seconds() - before
        delays = delays_of(changes, await self._bed.fleet.updates())
        self._report.delays(f"{rate:.0f} changes per second", delays, *self._targets.rate)
        cost = spent / len(changes) * 1000
        self._report.add(f"processor per 1,000 changes at {rate:.0f} per second", cost, "s", self._targets.cpu)

    async def services(self) -> None:
        """Services with endpoints are added."""
        clusters, endpoints = [], []
        number = self._bed.size.services
        before, (_, bytes_before) = self._server.cpu_seconds(), await self._bed.fleet.totals()
        for namespace in self._namespaces():
            to_clusters, to_endpoints = await self._objects.add_service(namespace, number, self._bed.affected)
            clusters += to_clusters
            endpoints += to_endpoints
        spent, (_, size) = self._server.cpu_seconds() - before, await self._bed.fleet.totals()
        self._report.delays("a Service is added, cluster", clusters, *self._targets.object)
        self._report.delays("a Service is added, endpoints", endpoints, *self._targets.object)
        self._report.add("processor per added Service", spent / ROUNDS * 1e3, "ms")
        self._report.add("bytes per added Service", (size - bytes_before) / ROUNDS / 1e3, "kB")
        for namespace in self._namespaces():
            await self._objects.remove_service(namespace, number)

    async def virtual_services(self) -> None:
        """Routes of services change. The first round makes the VirtualServices and does not count."""
        delays: list[float] = []
        names = [(namespace, "svc-0") for namespace in self._namespaces()]
        for name in names:
            await self._objects.routes(name, 1, self._bed.affected)
        before, (_, bytes_before) = self._server.cpu_seconds(), await self._bed.fleet.totals()
        for name in names:
            delays += await self._objects.routes(name, 2, self._bed.affected)
        await asyncio.sleep(0.2)
        spent, (_, size) = self._server.cpu_seconds() - before, await self._bed.fleet.totals()
        self._report.delays("a VirtualService changes", delays, *self._targets.object)
        self._report.add("processor per changed VirtualService", spent / ROUNDS * 1e3, "ms")
        self._report.add("bytes per changed VirtualService", (size - bytes_before) / ROUNDS / 1e3, "kB")

    async def mesh_wide(self) -> None:
        """All proxies get listeners anew."""
        last = []
        for _ in range(3):
            last.append(max(await self._objects.strict(len(self._bed.proxies))))
        self._report.add("mesh-wide PeerAuthentication, last proxy", sorted(last)[1] * 1e3, "ms", self._targets.mesh)

    async def idle(self) -> None:
        """Nothing changes. A minute holds two rounds of keepalive."""
        before, at = self._server.cpu_seconds(), time.perf_counter()
        await asyncio.sleep(self._bed.options.idle)
        share = (self._server.cpu_seconds() - before) / (time.perf_counter() - at)
        self._report.add("at rest, all connected", share * 100, "% of a core", 1)

    def _namespaces(self) -> list[str]:
        return list(itertools.islice(itertools.cycle(f"ns-{n:03}" for n in range(self._bed.size.namespaces)), ROUNDS))


async def measure(bed: Bed, report: Report) -> None:
    """Every row against one server."""
    with bed.server() as server:
        await bed.fleet.connect(server.grpc, bed.proxies)
        await Run(bed, server, report).all()


def main() -> None:
    """Parses the command line and runs."""
    parser = beds.parser(__doc__)
    parser.add_argument("--changes", type=int, default=200, help="endpoints that change one by one")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the run with 20 changes per second")
    parser.add_argument(
        "--rows", nargs="+", choices=ROWS, default=ROWS, help="what to measure, besides memory and rest"
    )
    parser.add_argument("--idle", type=float, default=60.0, help="seconds at rest")
    options: argparse.Namespace = parser.parse_args()
    beds.run(f"propagation-{options.case}", options, measure)


if __name__ == "__main__":
    main()
