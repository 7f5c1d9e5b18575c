"""The remote clusters: watched as long as a Secret declares them, and never half of one.

A changed credential is make-before-break: watches with the new one run beside the old ones, and take over in one
batch when they know everything. A credential that does not work therefore changes nothing. An unreachable cluster
keeps its rows; only the removal of its declaration takes them out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from isthmus.collections import Batch
from isthmus.control_plane.clusters import ClusterStatus, ClusterWatch, SyncState
from isthmus.control_plane.intake import Feed, Intake, remove_cluster
from isthmus.control_plane.remote_secrets import RemoteCluster
from isthmus.kube.client import Client
from isthmus.kube.reflector import Pace

log = structlog.get_logger(__name__)

Serve = Callable[[str, Client], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all remote clusters share. ``timeout`` is in seconds, 0 for none; ``late`` is told of a cluster's id.

    ``further`` are feeds that a credential may not allow: nothing waits for them.
    ``serve`` works for a cluster through the client that is in use, from when it is known until it leaves.
    """

    feeds: Sequence[Feed[Any]]
    apply: Callable[[Batch], object]
    tasks: asyncio.TaskGroup
    further: Sequence[Feed[Any]] = ()
    timeout: float = 30.0
    late: Callable[[str], object] = lambda cluster: None
    serve: Serve | None = None
    pace: Pace | None = None


class RemoteClusters:
    """Follows what the Secrets declare."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._members: dict[str, _Member] = {}

    def update(self, declared: Mapping[str, RemoteCluster], unusable: Collection[str] = ()) -> None:
        """Starts, replaces and stops watches.

        ``unusable`` are clusters that are declared in a way that cannot be used: those that are known stay as they
        are, with the credential that they have.
        """
        for cluster in self._members.keys() - declared.keys() - set(unusable):
            log.info("remote cluster removed", cluster=cluster)
            self._members.pop(cluster).remove()
        for cluster, remote in declared.items():
            member = self._members.get(cluster)
            if member is None:
                member = self._members[cluster] = _Member(cluster, self._surroundings)
            member.declare(remote)

    def client(self, cluster: str) -> Client | None:
        """The client of a cluster's API server; None for a cluster that is not declared."""
        member = self._members.get(cluster)
        return member.client if member else None

    def statuses(self) -> list[ClusterStatus]:
        """All declared clusters, by id."""
        return [member.status() for _, member in sorted(self._members.items())]

    async def wait_first_sync(self) -> None:
        """Returns when every cluster declared now is complete or late."""
        for member in tuple(self._members.values()):
            await member.settled.wait()


class _Attempt:
    """One credential of a cluster at work. ``hooks`` are called when it enters, and when it has or is late."""

    def __init__(self, remote: RemoteCluster, surroundings: Surroundings, hooks: _Hooks) -> None:
        self.remote = remote
        self.late = False
        self.client: Client | None = None  # while it is open
        self._surroundings = surroundings
        self._settled = hooks.settled
        intake = Intake(remote.id, surroundings.feeds, surroundings.apply, lambda: hooks.entering(self))
        self._opened = Client(remote.access)
        self.watch = ClusterWatch(remote.id, self._opened, intake, surroundings.pace)
        further = Intake(remote.id, surroundings.further, surroundings.apply)
        self._further = ClusterWatch(remote.id, self._opened, further, surroundings.pace)
        self._task = surroundings.tasks.create_task(self._run(), name=f"cluster {remote.id}")

    def end(self) -> None:
        """Delivers nothing from this moment on."""
        self.watch.intake.close()
        self._further.intake.close()
        self._task.cancel()

    async def _run(self) -> None:
        async with self._opened as self.client:
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._settle())
                    tasks.create_task(self._read_further())
                    tasks.create_task(self._serve())
                    tasks.create_task(self.watch.run(self._surroundings.feeds))
            finally:
                self.client = None

    async def _read_further(self) -> None:
        """From when this credential is the one in use: a former one must not write after it."""
        await self.watch.intake.complete.wait()
        if self._surroundings.further:
            await self._further.run(self._surroundings.further)

    async def _serve(self) -> None:
        await self.watch.intake.complete.wait()
        if self._surroundings.serve is not None:
            await self._surroundings.serve(self.remote.id, self._opened)

    async def _settle(self) -> None:
        try:
            async with asyncio.timeout(self._surroundings.timeout or None):
                await self.watch.intake.complete.wait()
        except TimeoutError:
            self.late = True
            self._surroundings.late(self.remote.id)
            log.warning(
                "remote cluster does not answer; what was known of it stays",
                cluster=self.remote.id,
                secret=self.remote.secret,
                seconds=self._surroundings.timeout,
                error=self.watch.error,
            )
        self._settled()


@dataclass(frozen=True, slots=True)
class _Hooks:
    entering: Callable[[_Attempt], None]
    settled: Callable[[], None]


class _Member:
    """One remote cluster: the watches that serve it, and those that may replace them."""

    def __init__(self, cluster: str, surroundings: Surroundings) -> None:
        self.settled = asyncio.Event()
        self._cluster = cluster
        self._surroundings = surroundings
        self._serving: _Attempt | None = None
        self._coming: _Attempt | None = None

    @property
    def client(self) -> Client | None:
        """The one that works, as far as is known."""
        attempt = self._serving or self._coming
        return attempt.client if attempt else None

    def declare(self, remote: RemoteCluster) -> None:
        """This is the cluster's credential from now on."""
        newest = self._coming or self._serving
        if newest is not None and newest.remote.digest == remote.digest:
            newest.remote = remote
            return
        if self._coming is not None:
            self._coming.end()
            self._coming = None
        if self._serving is not None and self._serving.remote.digest == remote.digest:
            self._serving.remote = remote  # back to the credential that is in use
            return
        log.info("watching remote cluster", cluster=self._cluster, secret=remote.secret, rotated=newest is not None)
        self._coming = _Attempt(remote, self._surroundings, _Hooks(self._take_over, self.settled.set))

    def remove(self) -> None:
        """Takes the cluster out of the graph."""
        for attempt in (self._serving, self._coming):
            if attempt is not None:
                attempt.end()
        self.settled.set()
        feeds = (*self._surroundings.feeds, *self._surroundings.further)
        self._surroundings.apply(remove_cluster(self._cluster, feeds))

    def status(self) -> ClusterStatus:
        """As debug pages show it: a credential that cannot replace the one in use shows as an error."""
        attempt = self._serving or self._coming
        assert attempt is not None
        error = attempt.watch.error
        if self._serving and self._coming and self._coming.watch.error:
            error = f"the new credential does not work, the former one is in use: {self._coming.watch.error}"
        state = SyncState.SYNCED if self._serving else SyncState.SYNCING
        if state is SyncState.SYNCING and attempt.late:
            state = SyncState.TIMEOUT
        return ClusterStatus(self._cluster, attempt.remote.secret, state, attempt.watch.age, error)

    def _take_over(self, attempt: _Attempt) -> None:
        """In the moment before the attempt's rows enter: nothing older may be written afterwards."""
        if self._serving is not None:
            self._serving.end()
        self._serving, self._coming = attempt, None
        log.info("remote cluster synced", cluster=self._cluster, secret=attempt.remote.secret)
