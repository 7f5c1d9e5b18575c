"""How long until all proxies have everything when they connect at once to a server that has just started.

python -m bench.cold_start [--case A] [--rounds 3]

A client counts as warm when it has its listeners and all the endpoints and routes that it asked for. The time runs from
the server's readiness, after which all clients connect.
"""

from __future__ import annotations

import asyncio
import statistics
import time

from bench import bed as beds
from bench.bed import Bed
from bench.figures import Figure
from bench.report import Report


async def measure(bed: Bed, report: Report) -> None:
    """Some rounds, each with a new server process."""
    rounds: list[tuple[float, ...]] = []
    for _ in range(bed.options.rounds):
        started = time.perf_counter()
        with bed.server() as server:
            ready = time.perf_counter() - started
            before, (_, bytes_before), at = server.cpu_seconds(), await bed.fleet.totals(), time.perf_counter()
            last, refused = await bed.fleet.connect(server.grpc, bed.proxies)
            await asyncio.sleep(0.3)
            spent, (_, size) = server.cpu_seconds() - before, await bed.fleet.totals()
            sent = (size - bytes_before) / 1e6
            rounds.append((ready, last - at, refused, spent, sent, server.resident_megabytes()))
            await bed.fleet.disconnect()
    names = (
        ("start of the process to ready", "s", None),
        (f"{len(bed.proxies)} proxies connect at once, all warm", "s", 4),
        ("streams refused", "", 1),
        ("processor", "s", 3),
        ("sent", "MB", None),
        ("memory", "MB", None),
    )
    for (name, unit, target), values in zip(names, zip(*rounds, strict=True), strict=True):
        print(f"{name}: {statistics.median(values):.4g} {unit}")
        report.figures.append(Figure(name, values, unit, target))


def main() -> None:
    """Parses the command line and runs."""
    parser = beds.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    beds.run(f"cold_start-{options.case}", options, measure)


if __name__ == "__main__":
    main()
