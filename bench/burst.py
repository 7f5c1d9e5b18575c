"""How soon all proxies are up to date after thousands of endpoints changed at once, and how much was merged.

python -m bench.burst [--case A] [--changes 2000]

Every write is a change; a third of as many services change three times each, so that they end other than they began.
Writes are as fast as the API server takes them.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterable

from bench import bed as beds
from bench.bed import Bed
from bench.changes import Endpoints, Name, Written
from bench.clients import ENDPOINT, Update
from bench.report import Report

AT_ONCE = 64
"""Writes that the API server has to do at the same time."""
QUIET = 3.0
"""Seconds after the last write in which updates still count."""


async def write(endpoints: Endpoints, names: list[Name]) -> list[Written]:
    """All changes, those of one service in order."""
    written: list[Written] = []
    waiting = iter(names)

    async def one_after_the_other() -> None:
        for name in waiting:
            written.append(await endpoints.change(name))

    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(one_after_the_other())
    return written


async def measure(bed: Bed, report: Report) -> None:
    """One burst."""
    with bed.server() as server:
        await bed.fleet.connect(server.grpc, bed.proxies)
        await bed.fleet.clear()
        names = _three_times(bed.size.names(), bed.options.changes)
        before, started = server.cpu_seconds(), time.perf_counter()
        written = await write(Endpoints(bed.client, bed.size), names)
        ended = time.perf_counter()
        await asyncio.sleep(QUIET)
        spent = server.cpu_seconds() - before
        updates = [update for update in await bed.fleet.updates() if update.type_url == ENDPOINT]
    report.add(f"{len(written)} endpoint changes written in", ended - started, "s")
    last = _converged(written, updates)
    report.add("last update after the last write's answer", max(0.0, last - ended), "s", 1)
    report.add("responses per change and proxy concerned", len(updates) / len(written) / bed.affected, "", 1)
    report.add("processor per 1,000 changes", spent / len(written) * 1000, "s")


def _three_times(services: Iterable[Name], changes: int) -> list[Name]:
    return list(itertools.islice(services, changes // 3)) * 3


def _converged(written: list[Written], updates: list[Update]) -> float:
    """When the last proxy heard of the last change of each service; an error when one heard of none."""
    heard = {name for update in updates for name in update.names}
    missing = {change.cluster for change in written} - heard
    if missing:
        raise SystemExit(f"no proxy heard of {len(missing)} services, {min(missing)} among them")
    return max(update.at for update in updates)


def main() -> None:
    """Parses the command line and runs."""
    parser = beds.parser(__doc__)
    parser.add_argument("--changes", type=int, default=2000)
    options = parser.parse_args()
    beds.run(f"burst-{options.case}", options, measure)


if __name__ == "__main__":
    main()
