"""Shows people what a lab waits for: a live table on a terminal, plain lines elsewhere.

At the end both print how long each task took.

Knows terminals. Does not know what the tasks mean.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(slots=True)
class _Task:
    name: str
    started: float
    what: str = ""
    seconds: float | None = None


@dataclass(slots=True)
class Times:
    """The tasks so far; both displays build on it."""

    tasks: dict[str, _Task] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def waits(self, task: str, what: str) -> bool:
        """Notes it; returns whether that is news."""
        with self.lock:
            known = self.tasks.setdefault(task, _Task(task, time.monotonic()))
            news = known.what != what or known.seconds is not None
            known.what, known.seconds = what, None
            return news

    def done(self, task: str) -> float:
        """Notes it; returns the seconds since the task was first heard of."""
        with self.lock:
            known = self.tasks.setdefault(task, _Task(task, time.monotonic()))
            known.seconds = time.monotonic() - known.started
            return known.seconds

    def summary(self) -> str:
        """One line: the seconds of each finished task, and of everything."""
        parts = [f"{task.name} {task.seconds:.1f} s" for task in self.tasks.values() if task.seconds is not None]
        return f"{time.monotonic() - self.began:.1f} s: " + ", ".join(parts)


class Lines:
    """One line per change, for logs and pipes."""

    def __init__(self) -> None:
        self.times = Times()

    def waits(self, task: str, what: str) -> None:
        """Prints it, if it is news."""
        if self.times.waits(task, what):
            print(f"{task}: {what}", file=sys.stderr, flush=True)

    def done(self, task: str) -> None:
        """Prints it with the time."""
        print(f"{task}: done in {self.times.done(task):.1f} s", file=sys.stderr, flush=True)


class Live:
    """A table that is drawn again several times a second; use it as `with showing() as progress`."""

    def __init__(self) -> None:
        self.times = Times()

    def waits(self, task: str, what: str) -> None:
        """Shown at the next drawing."""
        self.times.waits(task, what)

    def done(self, task: str) -> None:
        """Shown at the next drawing."""
        self.times.done(task)

    def __rich__(self) -> Table:
        """The table as it is now (the protocol of rich)."""
        from rich.table import Table

        table = Table.grid(padding=(0, 2))
        with self.times.lock:
            for task in list(self.times.tasks.values()):
                finished = task.seconds is not None
                seconds = task.seconds if task.seconds is not None else time.monotonic() - task.started
                mark, what = ("[green]✓[/]", "") if finished else ("[cyan]…[/]", f"waiting for {task.what}")
                table.add_row(mark, task.name, f"[dim]{seconds:5.1f} s[/]", what)
        return table


@contextmanager
def showing() -> Iterator[Lines | Live]:
    """The display that suits standard error. At a good end it prints the time of each task."""
    if not sys.stderr.isatty():
        lines = Lines()
        yield lines
        print(lines.times.summary(), file=sys.stderr, flush=True)
        return
    from rich.console import Console
    from rich.live import Live as Screen

    live = Live()
    console = Console(stderr=True)
    with Screen(live, console=console, refresh_per_second=8):
        yield live
    console.print(live.times.summary(), highlight=False)
