"""From the last object of a guide to the first answer that only its mesh can give, per topology.

python -m bench.guides [--name bench] [--guides S3 S4 ...] [--rounds 1]

Each guide runs as it is printed on a lab of its own, up to its last `kubectl apply` before its requests. A client that
runs already asks all the time; the clock starts with that apply. Also: how long the lab took to come up, and the guide
to get there. Needs root, and a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure, table
from isthmus.lab import guides
from isthmus.lab.down import down
from isthmus.lab.guides import workspace
from isthmus.lab.layout import layout
from isthmus.lab.progress import Quiet
from isthmus.lab.topology import topology
from isthmus.lab.up import up

CALLING = "while :; do curl -sS -m 2 helloworld.sample:5000/hello; sleep 0.02; done"
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Measure:
    """A guide, the cluster whose client asks, and what only the joined mesh answers."""

    guide: str
    client: str
    answer: str
    before: str = "requests"
    """What the name of the step begins with that needs the whole mesh."""


MEASURES = (
    Measure("S1a", "cluster2", "helloworld-v2-", "both-versions"),
    Measure("S3", "cluster1", "helloworld-v2-"),
    Measure("S4", "cluster1", "helloworld-v2-"),
    Measure("S8-multi-primary-multi-network", "cluster1", "helloworld-v3-"),
    Measure("S8-multi-primary", "cluster1", "helloworld-v3-"),
    Measure("S8-primary-remote-multi-network", "cluster1", "helloworld-v3-"),
    Measure("S8-primary-remote", "cluster1", "helloworld-v3-"),
)


class Asking:
    """A client that asks all the time; `answered` waits for an answer and says when it came."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def answered(self, expression: str) -> float:
        """The moment of the first line that matches. Raises TimeoutError where none comes in time."""
        timer = threading.Timer(PATIENCE_SECONDS, self._process.kill)
        timer.start()
        try:
            assert self._process.stdout is not None
            for line in self._process.stdout:
                if re.search(expression, line):
                    return time.perf_counter()
        finally:
            timer.cancel()
        raise TimeoutError(f"no answer with {expression} within {PATIENCE_SECONDS:.0f} s")


@contextmanager
def asking(kubeconfig: Path, context: str) -> Iterator[Asking]:
    """The client of the sample application in a cluster, asking until the block ends."""
    kubectl = ("kubectl", "--kubeconfig", str(kubeconfig), "--context", context, "-n", "sample")
    subprocess.run((*kubectl, "wait", "--for=condition=available", "--timeout=60s", "deploy/sleep"), check=True)
    command = (*kubectl, "exec", "deploy/sleep", "-c", "sleep", "--", "sh", "-c", CALLING)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield Asking(process)
        finally:
            process.kill()


def last_apply(guide: guides.Guide, before: str) -> int:
    """The position of the last step that applies something before the first requests."""
    requests = next(index for index, step in enumerate(guide.steps) if step.name.startswith(before))
    return max(index for index, step in enumerate(guide.steps[:requests]) if " apply " in step.run)


def run(measure: Measure, lab: str, tell: Callable[[str], None]) -> tuple[float, float, float]:
    """Seconds of the lab, of the guide up to its last object, and from there to the first answer."""
    guide = guides.load(workspace.guides_directory(), measure.guide)
    down(lab, Quiet())
    began = time.perf_counter()
    up(lab, topology(guide.topology), Quiet())
    ready = time.perf_counter()
    last = last_apply(guide, measure.before)
    place = layout(lab).guides / guide.name
    prepare = f'eval "$(isthmus lab env --name {lab})"'
    with tempfile.TemporaryDirectory() as results:
        where = guides.Place(place, Path(results), prepare)
        if failure := guides.walk(guide, guide.steps[:last], where, tell):
            raise RuntimeError(str(failure))
        there = time.perf_counter()
        with (
            asking(layout(lab).kubeconfig, measure.client) as client,
            guides.Shell(place, guides.environment()) as shell,
        ):
            shell.restore(place / guides.SAVED)
            shell.run(prepare, tell)
            start = time.perf_counter()
            shell.run(guide.steps[last].run, tell)
            return ready - began, there - ready, client.answered(measure.answer) - start


def measure_all(wanted: Sequence[Measure], lab: str, rounds: int) -> list[Figure]:
    """Three figures per guide, each told as soon as it is known."""
    figures = []
    for each in wanted:
        samples = [run(each, lab, lambda _line: None) for _ in range(rounds)]
        for name, target, values in zip(
            ("the lab is up", "the guide up to its last object", "last object to first answer"),
            (60.0, None, None),
            zip(*samples, strict=True),
            strict=True,
        ):
            figure = Figure(f"{each.guide}: {name}", values, "s", target)
            print("  ".join(figure.row()), flush=True)
            figures.append(figure)
    return figures


def main() -> None:
    """Parses the command line and runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="bench", help="the lab, which is made anew for each guide")
    parser.add_argument("--guides", nargs="*", default=[], help="which of them; all without it")
    parser.add_argument("--rounds", type=int, default=1, help="how often each guide is run")
    options = parser.parse_args()
    wanted = [each for each in MEASURES if not options.guides or each.guide in options.guides]
    try:
        figures = measure_all(wanted, options.name, options.rounds)
    finally:
        down(options.name, Quiet())
    print("\n" + table(figures))


if __name__ == "__main__":
    main()
