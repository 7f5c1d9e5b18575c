"""Whether a change's cost follows what does not change: curves over the numbers of services and of proxies.

python -m bench.growth [--over services] [--points 250 500 1000 2000 4000]
python -m bench.growth --over proxies [--points 100 500 1000 2000]

Namespaces of 10 services with 2 pods each, isolated by ``Sidecar``; ten proxies in the first namespace, and all changes
are there. Over services, more namespaces come; over proxies, more proxies in other namespaces.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools

from bench import bed as beds
from bench.bed import Bed
from bench.changes import Endpoints, Objects
from bench.population import Size, populate
from bench.report import Report

AFFECTED = 10
POINTS = {"services": [250, 500, 1000, 2000, 4000], "proxies": [100, 500, 1000, 2000]}
HOME = "ns-000"


async def point(bed: Bed, size: Size, proxies: int, endpoints: Endpoints, report: Report) -> None:
    """One size."""
    label = f"{size.namespaces * size.services} services, {proxies} proxies"
    await populate(bed.client, size)
    others = itertools.islice(itertools.cycle(range(1, size.namespaces)), proxies - AFFECTED)
    placed = [
        *((f"proxy-{number}", HOME) for number in range(AFFECTED)),
        *((f"other-{number}", f"ns-{space:03}") for number, space in enumerate(others)),
    ]
    with bed.server() as server:
        await bed.fleet.connect(server.grpc, placed)
        report.add(f"{label}: memory", server.resident_megabytes(), "MB")
        objects = Objects(bed.client, bed.fleet)
        names = [(HOME, f"svc-{number}") for number in range(size.services)]
        await endpoints.one_by_one(names, len(names), AFFECTED, bed.fleet)
        before, count = server.cpu_seconds(), bed.options.changes
        delays = await endpoints.one_by_one(names, count, AFFECTED, bed.fleet)
        report.delays(f"{label}: one endpoint changes", delays, None, None)
        report.add(f"{label}: processor per 1,000 changes", (server.cpu_seconds() - before) / count * 1e3, "s")
        before = server.cpu_seconds()
        for _ in range(5):
            await objects.add_service(HOME, size.services, AFFECTED)
            await objects.remove_service(HOME, size.services)
        report.add(f"{label}: processor per Service added and removed", (server.cpu_seconds() - before) / 5e-3, "ms")
        await bed.fleet.disconnect()
        await asyncio.sleep(0.5)


async def measure(bed: Bed, report: Report) -> None:
    """All points, each with a server of its own."""
    over: str = bed.options.over
    endpoints = Endpoints(bed.client, bed.size)  # one for all points: it knows which services lack a pod
    for number in bed.options.points or POINTS[over]:
        services, proxies = (number, 100) if over == "services" else (1000, number)
        size = Size(max(2, services // bed.size.services), bed.size.services)
        await point(bed, size, proxies, endpoints, report)


def main() -> None:
    """Parses the command line and runs."""
    parser = beds.parser(__doc__)
    parser.add_argument("--over", choices=sorted(POINTS), default="services")
    parser.add_argument("--points", type=int, nargs="+", help="the numbers of services or proxies")
    parser.add_argument("--changes", type=int, default=300, help="endpoints that change at each point")
    parser.set_defaults(namespaces=2)
    options: argparse.Namespace = parser.parse_args()
    beds.run(f"growth-{options.over}", options, measure)


if __name__ == "__main__":
    main()
