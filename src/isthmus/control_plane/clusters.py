"""The clusters that this process watches: its own and the remote ones.

A changed credential is make-before-break: the new watches replace the old ones' rows in one batch when they are
complete. An unreachable cluster keeps its rows; only its removal takes them out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec
import structlog

from isthmus.collections import Batch
from isthmus.control_plane.intake import Feed, Intake, remove_cluster
from isthmus.control_plane.remote_secrets import RemoteCluster
from isthmus.kube.client import Client
from isthmus.kube.reflector import Reflector

log = structlog.get_logger(__name__)


class SyncState(StrEnum):
    """As ``remote-clusters`` and metrics show it."""

    SYNCING = "syncing"
    SYNCED = "synced"
    TIMEOUT = "timeout"
    CLOSED = "closed"


class ClusterStatus(msgspec.Struct, frozen=True):
    """One cluster as debug pages show it; ``age`` is seconds since its API server last answered."""

    id: str
    secret: str  # namespace/name; empty for the own cluster
    state: SyncState
    age: float | None = None
    error: str = ""


class ClusterWatch:
    """The watches of one cluster with one set of credentials."""

    def __init__(self, cluster: str, secret: str, client: Client, intake: Intake) -> None:
        self.cluster = cluster
        self.secret = secret
        self.client = client
        self.intake = intake
        self.late = False
        self._reflectors: list[Reflector[Any]] = []

    async def run(self, feeds: Sequence[Feed[Any]]) -> None:
        """Watches until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for feed in feeds:
                reflector = Reflector(self.client, feed.reflected, self.intake.sink(feed))
                self._reflectors.append(reflector)
                tasks.create_task(reflector.run(), name=f"{self.cluster} {feed.reflected.kind.plural}")

    def status(self, now: float) -> ClusterStatus:
        """The cluster as seen through these watches; ``now`` is the reflectors' clock."""
        contacts = [reflector.status.last_contact for reflector in self._reflectors]
        known = [contact for contact in contacts if contact is not None]
        errors = [reflector.status.last_error for reflector in self._reflectors if reflector.status.last_error]
        state = SyncState.SYNCED if self.intake.complete.is_set() else SyncState.SYNCING
        if state is SyncState.SYNCING and self.late:
            state = SyncState.TIMEOUT
        return ClusterStatus(
            self.cluster, self.secret, state, now - max(known) if known else None, "; ".join(errors[:1])
        )


class RemoteClusters:
    """Keeps one ``ClusterWatch`` per declared remote cluster."""

    def __init__(
        self, feeds: Sequence[Feed[Any]], apply: Callable[[Batch], object], tasks: asyncio.TaskGroup, timeout: float
    ) -> None:
        self._feeds = feeds
        self._apply = apply
        self._tasks = tasks
        self._timeout = timeout
        self._declared: dict[str, RemoteCluster] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._current: dict[str, ClusterWatch] = {}
        self._settled: dict[str, asyncio.Event] = {}

    def update(self, desired: Mapping[str, RemoteCluster]) -> None:
        """Starts, replaces and stops watches so that they match what the Secrets declare."""
        for cluster in self._declared.keys() - desired.keys():
            self._remove(cluster)
        for cluster, remote in desired.items():
            known = self._declared.get(cluster)
            self._declared[cluster] = remote
            if known is None or known.digest != remote.digest:
                self._settled[cluster] = asyncio.Event()
                log.info("watching remote cluster", cluster=cluster, secret=remote.secret, rotated=known is not None)
                before = self._running.get(cluster)
                self._running[cluster] = self._tasks.create_task(self._run(remote, before), name=f"cluster {cluster}")

    def client(self, cluster: str) -> Client | None:
        """The client in use for a cluster that has been synced with it."""
        watch = self._current.get(cluster)
        return watch.client if watch else None

    def statuses(self, now: float) -> list[ClusterStatus]:
        """All declared clusters, by id."""
        return [
            self._current[cluster].status(now)
            if cluster in self._current
            else ClusterStatus(cluster, remote.secret, SyncState.SYNCING)
            for cluster, remote in sorted(self._declared.items())
        ]

    async def wait_first_sync(self) -> None:
        """Returns when every cluster declared now is complete or late."""
        for cluster in tuple(self._declared):
            if (settled := self._settled.get(cluster)) is not None:
                await settled.wait()

    def _remove(self, cluster: str) -> None:
        log.info("remote cluster removed", cluster=cluster, secret=self._declared[cluster].secret)
        del self._declared[cluster]
        self._current.pop(cluster, None)
        self._settled.pop(cluster).set()
        self._running.pop(cluster).cancel()
        self._apply(remove_cluster(cluster, self._feeds))

    async def _run(self, remote: RemoteCluster, before: asyncio.Task[None] | None) -> None:
        settled = self._settled[remote.id]
        try:
            async with Client(remote.access) as client:
                watch = ClusterWatch(remote.id, remote.secret, client, Intake(remote.id, self._feeds, self._apply))
                self._current.setdefault(remote.id, watch)
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._supervise(watch, before, settled))
                    tasks.create_task(watch.run(self._feeds))
        finally:
            settled.set()
            if before is not None:
                before.cancel()

    async def _supervise(self, watch: ClusterWatch, before: asyncio.Task[None] | None, settled: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(self._timeout or None):
                await watch.intake.complete.wait()
        except TimeoutError:
            watch.late = True
            settled.set()
            log.warning(
                "remote cluster does not answer; what was known of it stays",
                cluster=watch.cluster,
                secret=watch.secret,
                seconds=self._timeout,
                error=watch.status(0).error,
            )
            await watch.intake.complete.wait()
        watch.late = False
        settled.set()
        self._current[watch.cluster] = watch
        if before is not None:
            before.cancel()
        log.info("remote cluster synced", cluster=watch.cluster, secret=watch.secret)
