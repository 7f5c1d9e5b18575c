"""What one client rejects, in the log: some lines, not as many as a client likes."""

from __future__ import annotations

import time

import structlog

from isthmus.rpc.pace import Pace, Pacer

log = structlog.get_logger(__name__)


class Complaints:
    """One stream's rejections; metrics count all of them, and debug pages show the last."""

    def __init__(self, pace: Pace) -> None:
        self._pacer = Pacer(pace, time.monotonic())
        self._unsaid = 0

    def log(self, **fields: object) -> None:
        """A line, with the number of those before it that were left out."""
        now = time.monotonic()
        if self._pacer.owes(now) > 0:
            self._unsaid += 1
            return
        self._pacer.spend(1, now)
        more = {"left_out": self._unsaid} if self._unsaid else {}
        self._unsaid = 0
        log.warning("configuration rejected", **fields, **more)
