"""How bringing up a lab tells what it waits for. Knows no terminals."""

from typing import Protocol

from isthmus.lab.report import Report


class Progress(Protocol):
    """Several tasks at once, each waiting for one thing at a time. Called from any thread."""

    def waits(self, task: str, what: str) -> None:
        """`task` now waits for `what`, a noun phrase or an activity."""

    def done(self, task: str) -> None:
        """`task` is finished."""


class Quiet:
    """Tells nobody."""

    def waits(self, task: str, what: str) -> None:
        """Ignored."""

    def done(self, task: str) -> None:
        """Ignored."""


def reporter(progress: Progress, task: str) -> Report:
    """A report whose lines are what `task` waits for."""
    return lambda line: progress.waits(task, line)
