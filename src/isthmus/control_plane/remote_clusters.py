"""The remote clusters: watched as long as a Secret declares them, and never half of one.

A changed credential is make-before-break: watches with the new one run beside the old ones, and take over in one
batch when they know everything. A credential that does not work therefore changes nothing. An unreachable cluster
keeps its rows; only the removal of its declaration takes them out. For one that is unreachable from the start a copy
stands in, if there is one.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from isthmus.api.core_namespace import Namespace
from isthmus.collections import Batch
from isthmus.control_plane.clusters import ClusterStatus, ClusterWatch, SyncState
from isthmus.control_plane.intake import Feed, Intake, remove_cluster
from isthmus.control_plane.last_known.copies import Copies, Copy
from isthmus.control_plane.last_known.keeper import Live
from isthmus.control_plane.remote_secrets import RemoteCluster
from isthmus.kube.backoff import Backoff
from isthmus.kube.client import Client
from isthmus.kube.errors import KubeError
from isthmus.kube.kinds import NAMESPACE
from isthmus.kube.reflector import Pace
from isthmus.kube.timestamps import format_time

log = structlog.get_logger(__name__)

Serve = Callable[[str, Client], Awaitable[object]]

GRACE = 2.0
"""Seconds. ``kubectl replace --force`` and tools that deploy from a repository delete a Secret and make it again."""

COPY_PATIENCE = 10.0
"""Seconds to wait for a cluster of which there is a copy: it takes less than that to read a large one."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all remote clusters share. ``timeout`` is in seconds, 0 for none; ``late`` is told of a cluster's id.

    ``further`` are feeds that a credential may not allow: nothing waits for them.
    ``serve`` works for a cluster through the client that is in use, from when it is known until it leaves.
    ``copies`` are of clusters as they were before this process started.
    ``grace`` is how many seconds a declaration may be gone before its cluster leaves.
    """

    feeds: Sequence[Feed[Any]]
    apply: Callable[[Batch], object]
    tasks: asyncio.TaskGroup
    further: Sequence[Feed[Any]] = ()
    timeout: float = 30.0
    late: Callable[[str], object] = lambda cluster: None
    serve: Serve | None = None
    pace: Pace | None = None
    copies: Copies | None = None
    grace: float = GRACE
    wall: Callable[[], float] = time.time

    def patience(self, copy: Copy | None) -> float | None:
        """Seconds until a cluster counts as late; None for no limit."""
        limit = self.timeout or None
        return limit if copy is None else min(limit or COPY_PATIENCE, COPY_PATIENCE)


class RemoteClusters:
    """Follows what the Secrets declare."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._members: dict[str, _Member] = {}
        self._leaving: dict[str, asyncio.Task[None]] = {}

    def ids(self) -> frozenset[str]:
        """Those that are part of the mesh: declared, or declared until a moment ago."""
        return frozenset(self._members)

    def update(self, declared: Mapping[str, RemoteCluster], unusable: Collection[str] = ()) -> None:
        """Starts, replaces and stops watches.

        ``unusable`` are clusters that are declared in a way that cannot be used: those that are known stay as they
        are, with the credential that they have.
        """
        gone = self._members.keys() - declared.keys() - set(unusable)
        for cluster in self._leaving.keys() - gone:
            self._leaving.pop(cluster).cancel()
        for cluster in gone - self._leaving.keys():
            self._leaving[cluster] = self._surroundings.tasks.create_task(self._leave(cluster), name=f"leave {cluster}")
        for cluster, remote in declared.items():
            member = self._members.get(cluster)
            if member is None:
                member = self._members[cluster] = _Member(cluster, self._surroundings)
            member.declare(remote)

    async def _leave(self, cluster: str) -> None:
        await asyncio.sleep(self._surroundings.grace)
        log.info("remote cluster removed", cluster=cluster)
        del self._leaving[cluster]
        self._members.pop(cluster).remove()

    def client(self, cluster: str) -> Client | None:
        """The client of a cluster's API server; None for a cluster that is not declared."""
        member = self._members.get(cluster)
        return member.client if member else None

    def statuses(self) -> list[ClusterStatus]:
        """All declared clusters, by id."""
        return [member.status() for _, member in sorted(self._members.items())]

    def live(self) -> dict[str, Live]:
        """Those that have been read by this process."""
        return {cluster: live for cluster, member in self._members.items() if (live := member.live) is not None}

    async def wait_first_sync(self) -> None:
        """Returns when every cluster declared now is complete or late."""
        for member in tuple(self._members.values()):
            await member.settled.wait()


class _Attempt:
    """One credential of a cluster at work. ``copy`` is what may stand in for what it reads."""

    def __init__(self, remote: RemoteCluster, surroundings: Surroundings, hooks: _Hooks, copy: Copy | None) -> None:
        self.remote = remote
        self.copy = copy
        self.late = False
        self.client: Client | None = None  # while it is open
        self._surroundings = surroundings
        self._hooks = hooks
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
                    if self.copy is not None:
                        tasks.create_task(self._identify(self.copy))
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
        patience = self._surroundings.patience(self.copy)
        try:
            async with asyncio.timeout(patience):
                await self.watch.intake.complete.wait()
        except TimeoutError:
            self.late = True
            self._surroundings.late(self.remote.id)
            log.warning(
                "remote cluster does not answer; what was known of it stays",
                cluster=self.remote.id,
                secret=self.remote.secret,
                seconds=patience,
                error=self.watch.error,
            )
            self._hooks.late(self)
        self._hooks.settled()

    async def _identify(self, copy: Copy) -> None:
        """Asks the API server which cluster it is of, for as long as a copy stands in or may do so."""
        backoff = Backoff(random.random, first=0.5, longest=10.0)
        while not self.watch.complete:
            try:
                found = await self._opened.get(NAMESPACE, "kube-system", into=Namespace)
            except KubeError:
                await asyncio.sleep(backoff.next())
                continue
            if found.metadata.uid != copy.uid:
                self.copy = None
                self._hooks.foreign()
            return


@dataclass(frozen=True, slots=True)
class _Hooks:
    """Called when an attempt's rows enter, when they are late, when they are there or late, and when the copy turns
    out to be of another cluster.
    """

    entering: Callable[[_Attempt], None]
    late: Callable[[_Attempt], None]
    settled: Callable[[], None]
    foreign: Callable[[], None]


class _Member:
    """One remote cluster: the watches that serve it, and those that may replace them."""

    def __init__(self, cluster: str, surroundings: Surroundings) -> None:
        self.settled = asyncio.Event()
        self._cluster = cluster
        self._surroundings = surroundings
        self._serving: _Attempt | None = None
        self._coming: _Attempt | None = None
        self._copy: Copy | None = None  # what stands in for a cluster that was not read yet

    @property
    def live(self) -> Live | None:
        """How it is read; None as long as it is not."""
        attempt = self._serving
        if attempt is None or attempt.watch.age is None:
            return None
        return Live(attempt.remote.access, attempt.watch.age)

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
        hooks = _Hooks(self._take_over, self._stand_in, self.settled.set, self._drop_copy)
        self._coming = _Attempt(remote, self._surroundings, hooks, self._copy_for(remote))

    def remove(self) -> None:
        """Takes the cluster out of the graph."""
        for attempt in (self._serving, self._coming):
            if attempt is not None:
                attempt.end()
        self.settled.set()
        self._forget_copy()
        self._empty()

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
        age = self._surroundings.wall() - self._copy.as_of if self._copy else None
        if age is not None:
            error = f"what is served is a copy from {age:.0f} s ago{': ' * bool(error)}{error}"
        return ClusterStatus(self._cluster, attempt.remote.secret, state, attempt.watch.age, error, age)

    def _take_over(self, attempt: _Attempt) -> None:
        """In the moment before the attempt's rows enter: nothing older may be written afterwards."""
        if self._serving is not None:
            self._serving.end()
        self._serving, self._coming = attempt, None
        self._forget_copy()
        log.info("remote cluster synced", cluster=self._cluster, secret=attempt.remote.secret)

    def _copy_for(self, remote: RemoteCluster) -> Copy | None:
        copies = self._surroundings.copies
        if self._copy is not None or self._serving is not None or copies is None:
            return self._copy
        return copies.find(remote)

    def _stand_in(self, attempt: _Attempt) -> None:
        """Lets the copy stand in for a cluster of which nothing is known."""
        if self._copy is not None or attempt.copy is None or (batch := attempt.copy.batch()) is None:
            return
        self._copy = attempt.copy
        self._surroundings.apply(batch)
        log.warning("a copy stands in for a remote cluster", cluster=self._cluster, as_of=format_time(self._copy.as_of))

    def _drop_copy(self) -> None:
        log.error("the copy of a remote cluster is of another cluster of that name", cluster=self._cluster)
        if self._copy is not None:
            self._empty()
        self._forget_copy()

    def _forget_copy(self) -> None:
        self._copy = None
        if self._surroundings.copies is not None:
            self._surroundings.copies.forget(self._cluster)

    def _empty(self) -> None:
        feeds = (*self._surroundings.feeds, *self._surroundings.further)
        self._surroundings.apply(remove_cluster(self._cluster, feeds))
