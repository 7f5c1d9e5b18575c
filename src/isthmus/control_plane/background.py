"""Work that goes on for as long as the process does: a bug in one piece of it ends neither the process nor the rest."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import NoReturn

import structlog
from prometheus_client import CollectorRegistry, Counter

from isthmus.kube.backoff import Backoff

log = structlog.get_logger(__name__)

_STEADY = 300.0  # seconds without a failure after which the next one is a new one

Work = Callable[[], Awaitable[object]]


async def keep_running(work: Work, failed: Callable[[Exception], object]) -> NoReturn:
    """Runs ``work`` until cancelled. When it fails, tells and starts it again after a while."""
    backoff = Backoff(random.random, first=1.0, longest=60.0)
    while True:
        started = time.monotonic()
        try:
            await work()
        except Exception as error:
            failed(error)
        if time.monotonic() - started > _STEADY:
            backoff.reset()
        await asyncio.sleep(backoff.next())


def reason(error: Exception) -> str:
    """One line for a failure, also when it happened in a group of tasks."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return f"bug: {type(error).__name__}: {error}"


class Background:
    """Starts pieces of work in one task group, and counts their failures."""

    def __init__(self, tasks: asyncio.TaskGroup, registry: CollectorRegistry) -> None:
        self.tasks = tasks
        self._failures = Counter(
            "isthmus_background_failures",
            "Pieces of work that failed and were started again.",
            ("work",),
            registry=registry,
        )

    def keep(self, name: str, work: Work) -> None:
        """This goes on from now."""
        self.tasks.create_task(self.keeping(name, work), name=name)

    async def keeping(self, name: str, work: Work) -> NoReturn:
        """The same for as long as the caller waits."""

        def failed(error: Exception) -> None:
            self._failures.labels(name).inc()
            log.exception("work failed, it is started again", work=name, error=reason(error))

        await keep_running(work, failed)
