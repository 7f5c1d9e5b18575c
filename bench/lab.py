"""The figures of a small mesh on real clusters: joining, starting, resting.

python -m bench.lab [--name bench] [--rounds 5] [--rest 60] [--keep]

Without a lab of that name it runs ``make demo`` for one first, times it, and takes the lab down in the end. With a
lab on which the demonstration stands it measures there and leaves it. Needs root, and a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

from bench import costs, joins, spread, startup
from bench.figures import Figure, table
from isthmus.cli.demo.members import member
from isthmus.lab import state
from isthmus.lab.clusters import client
from isthmus.lab.down import down
from isthmus.lab.layout import layout
from isthmus.lab.progress import Quiet

ROOT = Path(__file__).parents[1]
SETTLING_SECONDS = 10.0
"""After the demonstration, before anything is measured at rest."""


def warm_demo(name: str) -> Figure:
    """The time of ``make demo`` with everything cached that can be."""
    started = time.perf_counter()
    subprocess.run(("make", "demo"), cwd=ROOT, env=os.environ | {"ISTHMUS_LAB_NAME": name}, check=True)
    return Figure("make demo, warm", (time.perf_counter() - started,), "s", 40)


async def measure(name: str, rounds: int, rest: float) -> AsyncIterator[Figure]:
    """All figures of a running mesh. The quiet ones come first."""
    record = state.require(name)
    files = layout(name)
    async with AsyncExitStack() as stack:
        here, there = [
            member(plan, position, await stack.enter_async_context(client(files, plan.cluster.name)))
            for position, plan in enumerate(record.plan().clusters)
        ]
        await asyncio.sleep(SETTLING_SECONDS)
        for figure in (*await costs.control_plane_at_rest(here, rest), *await costs.sidecar_memory(here)):
            yield figure
        for figure in await startup.sidecar_cost(here, rounds):
            yield figure
        for figure in await joins.secret_to_answer(files.kubeconfig, here, there, rounds):
            yield figure
        yield await joins.ready_to_request(here, there, rounds)
        for figure in await spread.one_becomes_three(here, there, rounds):
            yield figure


async def collect(options: argparse.Namespace) -> list[Figure]:
    """All figures, each told as soon as it is known."""
    figures = []
    async for figure in measure(options.name, options.rounds, options.rest):
        print("  ".join(figure.row()), flush=True)
        figures.append(figure)
    return figures


def main() -> None:
    """Parses the command line and runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="bench", help="the lab")
    parser.add_argument("--rounds", type=int, default=5, help="how often each thing is measured")
    parser.add_argument("--rest", type=float, default=60.0, help="seconds of rest over which the processor is watched")
    parser.add_argument("--keep", action="store_true", help="leave a lab that was made here")
    options = parser.parse_args()
    made = state.read(options.name) is None
    figures = [warm_demo(options.name)] if made else []
    try:
        figures += asyncio.run(collect(options))
    finally:
        if made and not options.keep:
            down(options.name, Quiet())
    print("\n" + table(figures))


if __name__ == "__main__":
    main()
