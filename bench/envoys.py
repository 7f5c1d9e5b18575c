"""Real Envoys instead of clients: that what is fast is also accepted, and how long Envoy itself needs.

python -m bench.envoys [--proxies 50] [--case B]

Each Envoy is asked again and again whether it has a change, which takes time from the others: what is measured is the
whole machine with 50 proxies on it, and an upper bound of what a user sees.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import quote

from bench import bed as beds
from bench import real_envoys
from bench.bed import Bed
from bench.changes import Endpoints, Objects, outbound
from bench.clients import VIRTUAL_HOSTS
from bench.population import pod_address
from bench.real_envoys import RealEnvoy
from bench.report import Report

REJECTED = ".*update_rejected$"
UPDATES = "listener_manager.lds.update_success"
ROUNDS = 5


async def _last(envoys: Sequence[RealEnvoy], seen: Callable[[RealEnvoy], Awaitable[None]]) -> float:
    """The moment at which the last of them had seen it."""
    async with asyncio.timeout(180):
        await asyncio.gather(*(seen(one) for one in envoys))
    return time.perf_counter()


class Run:
    """The rows, one after the other."""

    def __init__(self, bed: Bed, envoys: Sequence[RealEnvoy], report: Report) -> None:
        self._bed = bed
        self._envoys = envoys
        self._report = report
        self._objects = Objects(bed.client, bed.fleet)

    @property
    def _first(self) -> tuple[RealEnvoy, ...]:
        """Those that see the first namespace."""
        spaces = self._bed.size.namespaces if self._bed.size.isolated else 1
        return tuple(self._envoys[::spaces])

    async def warm(self, started: float) -> None:
        """Every Envoy has all of its configuration."""
        at = await _last(self._envoys, lambda one: one.until("/ready", "LIVE"))
        self._report.add("from their start until the last is ready", at - started, "s")
        memory = statistics.median(one.resident_megabytes() for one in self._envoys)
        self._report.add("memory of an Envoy", memory, "MB")

    async def endpoints(self) -> None:
        """A service loses a pod and gets it back."""
        name = ("ns-000", "svc-0")
        changes = Endpoints(self._bed.client, self._bed.size)
        page = _dump("dynamic_endpoint_configs", outbound(name)) + "&include_eds"
        pod = pod_address(*name, self._bed.size.pods - 1)
        delays = []
        for number in range(2 * ROUNDS):
            written = await changes.change(name)
            there = number % 2 == 1

            async def seen(one: RealEnvoy, there: bool = there) -> None:
                while (pod in await one.ask(page)) != there:  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.01)

            delays.append(await _last(self._first, seen) - written.answered)
        self._report.add("one endpoint changes, the last Envoy has it", statistics.median(delays) * 1e3, "ms")

    async def services(self) -> None:
        """Services come and go."""
        number = self._bed.size.services
        name = ("ns-000", f"svc-{number}")
        page = _dump("dynamic_active_clusters", outbound(name))
        delays = []
        for _ in range(ROUNDS):
            at = await self._objects.make_service(name)
            delays.append(await _last(self._first, lambda one: one.until(page, name[1])) - at)
            await self._objects.remove_service("ns-000", number)
        self._report.add("a Service is added, the last Envoy has its cluster", statistics.median(delays) * 1e3, "ms")

    async def mesh_wide(self) -> None:
        """All listeners change."""
        before = {one: await one.counters(UPDATES) for one in self._envoys}

        async def seen(one: RealEnvoy) -> None:
            while await one.counters(UPDATES) <= before[one]:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.02)

        at = await self._objects.make_strict()
        self._report.add(
            "mesh-wide PeerAuthentication, the last Envoy has it", await _last(self._envoys, seen) - at, "s"
        )

    async def accepted(self) -> None:
        """What was refused, which must be nothing."""
        refused = [await one.counters(REJECTED) for one in self._envoys]
        for one in [one for one, count in zip(self._envoys, refused, strict=True) if count][:1]:
            print(one.log())
        self._report.add("configuration that was refused", sum(refused), "times", 1)


def _dump(resource: str, name: str) -> str:
    """The path under which Envoy shows one resource."""
    return f"/config_dump?resource={resource}&name_regex={quote(re.escape(name))}"


async def measure(bed: Bed, report: Report) -> None:
    """All rows."""
    with bed.server() as server:
        started = time.perf_counter()
        metadata = VIRTUAL_HOSTS if bed.options.virtual_hosts else {}
        async with real_envoys.running(server.grpc, bed.proxies, bed.directory, metadata) as envoys:
            run = Run(bed, envoys, report)
            await run.warm(started)
            report.add("processor of the server until then", server.cpu_seconds(), "s")
            await run.endpoints()
            await run.services()
            await run.mesh_wide()
            await run.accepted()
            report.add("memory of the server", server.resident_megabytes(), "MB")


def main() -> None:
    """Parses the command line and runs."""
    parser = beds.parser(__doc__)
    parser.set_defaults(proxies=50)
    beds.run("envoys", parser.parse_args(), measure)


if __name__ == "__main__":
    main()
