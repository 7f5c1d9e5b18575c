"""How long an endpoint's change of a very large service takes to the proxies that see it.

python -m bench.large_service [--endpoints 5000] [--changes 50]

The service stands in the first namespace of a small mesh, in slices of 100 endpoints, as Kubernetes makes them.
"""

from __future__ import annotations

import asyncio
import time

from bench import bed as beds
from bench.bed import Bed
from bench.changes import outbound
from bench.clients import ENDPOINT
from bench.fleet import Wanted
from bench.population import service_body, slice_body
from bench.report import Report
from isthmus.kube import kinds

NAME = ("ns-000", "large")
SLICE = 100


def addresses(first: int, count: int) -> list[tuple[str, str]]:
    """Names and addresses of so many endpoints from one on."""
    return [
        (f"large-{number}", f"11.{number >> 16}.{number >> 8 & 255}.{number & 255}")
        for number in range(first, first + count)
    ]


def body(number: int, count: int) -> dict[str, object]:
    """The slice with this number, with so many endpoints."""
    result = slice_body(*NAME, addresses(number * SLICE, count))
    result["metadata"]["name"] = f"large-{number}"
    for endpoint in result["endpoints"]:
        del endpoint["targetRef"]  # there are no such pods, and endpoints of unknown pods are left out
    return result


async def measure(bed: Bed, report: Report) -> None:
    """Slices lose an endpoint in turn."""
    await bed.client.create(kinds.SERVICE, service_body(*NAME))
    count = bed.options.endpoints // SLICE
    for number in range(count):
        await bed.client.create(kinds.ENDPOINT_SLICE, body(number, SLICE))
    with bed.server() as server:
        await bed.fleet.connect(server.grpc, bed.proxies)
        delays: list[float] = []
        before = server.cpu_seconds()
        for number in range(bed.options.changes):
            await bed.fleet.clear()
            await bed.client.replace(kinds.ENDPOINT_SLICE, body(number % count, SLICE - 1 - number // count % 2))
            at = time.perf_counter()
            arrivals = await bed.fleet.first(Wanted((ENDPOINT,), outbound(NAME), bed.affected))
            delays += [arrival - at for arrival in arrivals]
        await asyncio.sleep(0.1)
        spent = server.cpu_seconds() - before
        report.delays(f"one of {bed.options.endpoints} endpoints changes", delays, 30, None)
        report.add("processor per change", spent / bed.options.changes * 1e3, "ms")
        report.add("memory", server.resident_megabytes(), "MB")


def main() -> None:
    """Parses the command line and runs."""
    parser = beds.parser(__doc__)
    parser.add_argument("--endpoints", type=int, default=5000)
    parser.add_argument("--changes", type=int, default=50)
    parser.set_defaults(namespaces=2, services=5, proxies=20)
    beds.run("large_service", parser.parse_args(), measure)


if __name__ == "__main__":
    main()
