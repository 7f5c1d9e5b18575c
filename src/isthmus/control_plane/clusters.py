"""One cluster's watches: how long ago it answered, whether all of it is known, and that a bug ends nothing else.

Does not know how clusters are declared, nor what their objects mean.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NoReturn

import msgspec
import structlog

from isthmus.control_plane.background import keep_running, reason
from isthmus.control_plane.intake import Feed, Intake
from isthmus.kube.client import Client
from isthmus.kube.reflector import Pace, Reflector

log = structlog.get_logger(__name__)


class SyncState(StrEnum):
    """As ``remote-clusters`` and metrics show it."""

    SYNCING = "syncing"
    SYNCED = "synced"
    TIMEOUT = "timeout"
    CLOSED = "closed"


class ClusterStatus(msgspec.Struct, frozen=True):
    """One cluster as debug pages show it; ``age`` is seconds since its API server last answered.

    ``copy_age`` is how many seconds ago that was true which stands in for a cluster that was not read since the
    start; None when nothing does.
    """

    id: str
    secret: str  # namespace/name; empty for the own cluster
    state: SyncState
    age: float | None = None
    error: str = ""
    copy_age: float | None = None


class ClusterWatch:
    """The watches of one cluster with one set of credentials."""

    def __init__(self, cluster: str, client: Client, intake: Intake, pace: Pace | None = None) -> None:
        self.cluster = cluster
        self.client = client
        self.intake = intake
        self._pace = pace or Pace()
        self._reflectors: list[Reflector[Any]] = []
        self._last_contact: float | None = None  # of earlier reflectors
        self._bug = ""

    async def run(self, feeds: Sequence[Feed[Any]]) -> NoReturn:
        """Watches until cancelled. A bug costs this cluster its freshness, and nobody else anything."""
        await keep_running(lambda: self._run_once(feeds), self._note_failure)

    @property
    def complete(self) -> bool:
        """Whether the cluster has entered the graph through these watches."""
        return self.intake.complete.is_set()

    @property
    def age(self) -> float | None:
        """Seconds since the API server last answered any of the watches; None when it never did."""
        contact = self._newest_contact()
        return None if contact is None else self._pace.clock() - contact

    @property
    def error(self) -> str:
        """What keeps the watches from being current; empty while all is well."""
        errors = (reflector.status.last_error for reflector in self._reflectors)
        recovered = self._reflectors and all(reflector.status.synced for reflector in self._reflectors)
        return next((error for error in errors if error), "" if recovered else self._bug)

    def _note_failure(self, error: Exception) -> None:
        self._bug = reason(error)
        self._last_contact, self._reflectors = self._newest_contact(), []
        log.exception("watches of a cluster failed, they are started again", cluster=self.cluster, error=self._bug)

    def _newest_contact(self) -> float | None:
        contacts = [self._last_contact, *(reflector.status.last_contact for reflector in self._reflectors)]
        return max((contact for contact in contacts if contact is not None), default=None)

    async def _run_once(self, feeds: Sequence[Feed[Any]]) -> None:
        self._reflectors = [
            Reflector(self.client, feed.reflected, self.intake.sink(feed), self._pace) for feed in feeds
        ]
        async with asyncio.TaskGroup() as tasks:
            for feed, reflector in zip(feeds, self._reflectors, strict=True):
                tasks.create_task(reflector.run(), name=f"{self.cluster} {feed.reflected.kind.plural}")


def own_status(watch: ClusterWatch) -> ClusterStatus:
    """The cluster that the control plane works for."""
    state = SyncState.SYNCED if watch.complete else SyncState.SYNCING
    return ClusterStatus(watch.cluster, "", state, watch.age, watch.error)
