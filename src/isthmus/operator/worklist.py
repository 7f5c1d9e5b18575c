"""Resources that are to be looked at: each by one worker at a time, and again when something changed meanwhile.

Knows order and repetition. Does not know what the work is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

import msgspec
import structlog

from isthmus.control_plane.background import reason
from isthmus.kube.backoff import Backoff
from isthmus.kube.errors import KubeError

log = structlog.get_logger(__name__)


class Key(msgspec.Struct, frozen=True, order=True):
    """One resource."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


Work = Callable[[Key], Awaitable[float | None]]
"""Looks at one resource; gives the seconds after which to look again, None for when something changes."""


class Worklist:
    """Keys waiting for work."""

    def __init__(self, work: Work, draw: Callable[[], float]) -> None:
        self._work = work
        self._draw = draw
        self._queue: asyncio.Queue[Key] = asyncio.Queue()
        self._waiting: set[Key] = set()
        self._running: set[Key] = set()
        self._later: dict[Key, asyncio.TimerHandle] = {}
        self._backoffs: dict[Key, Backoff] = {}

    def add(self, key: Key) -> None:
        """Look at this soon; while it is being looked at, once more after that."""
        if key in self._waiting:
            return
        self._waiting.add(key)
        if key not in self._running:
            self._queue.put_nowait(key)

    async def run(self) -> NoReturn:
        """Works until cancelled. A failure is tried again, ever more slowly, and stops no other key."""
        try:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    key = await self._queue.get()
                    self._waiting.discard(key)
                    self._running.add(key)
                    tasks.create_task(self._one(key), name=str(key))
        finally:
            for timer in self._later.values():
                timer.cancel()

    async def _one(self, key: Key) -> None:
        again = await self._attempt(key)
        self._running.discard(key)
        if (timer := self._later.pop(key, None)) is not None:
            timer.cancel()
        if again is not None:
            self._later[key] = asyncio.get_running_loop().call_later(again, self.add, key)
        if key in self._waiting:
            self._queue.put_nowait(key)

    async def _attempt(self, key: Key) -> float | None:
        try:
            again = await self._work(key)
        except KubeError as error:
            log.warning("the API server refused, trying again", resource=str(key), error=str(error))
        except Exception as error:
            log.exception("work failed, it is tried again", resource=str(key), error=reason(error))
        else:
            self._backoffs.pop(key, None)
            return again
        return self._backoffs.setdefault(key, Backoff(self._draw, first=0.2, longest=60.0)).next()
