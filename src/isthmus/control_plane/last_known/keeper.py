"""Keeps the copies of remote clusters current: one replica writes, the holder of a Lease."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

import msgspec
import structlog

from isthmus.collections import Source
from isthmus.control_plane.last_known.packing import Head, origin_of, pack
from isthmus.control_plane.last_known.rows import kept_sources, rows_of
from isthmus.control_plane.last_known.schedule import KeepPace, Schedule
from isthmus.control_plane.last_known.secrets import part_names
from isthmus.control_plane.last_known.store import CopyStore
from isthmus.control_plane.metrics import CopyMetrics
from isthmus.derive.sources import Sources
from isthmus.kube.access import Access
from isthmus.kube.errors import KubeError
from isthmus.process.looks import next_look

log = structlog.get_logger(__name__)

ELECTION = "isthmus-last-known-clusters"


@dataclass(frozen=True, slots=True)
class Live:
    """A cluster whose rows come from its API server, which answered ``age`` seconds ago."""

    access: Access
    age: float


@dataclass(frozen=True, slots=True)
class Joined:
    """Which clusters are declared at all, and which of them are live now."""

    declared: Callable[[], Collection[str]]
    live: Callable[[], Mapping[str, Live]]


@dataclass(frozen=True, slots=True)
class Clocks:
    """Monotonic seconds for waiting, wall seconds for dating."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time


class Keeper:
    """Writes after changes settled, dates what stays the same, and removes copies of clusters that are gone."""

    def __init__(
        self, store: CopyStore, sources: Sources, joined: Joined, metrics: CopyMetrics, pace: KeepPace
    ) -> None:
        self._store = store
        self._sources = sources
        self._joined = joined
        self._metrics = metrics
        self._pace = pace
        self._schedule = Schedule(pace)
        self._clocks = Clocks()
        self._heads: dict[str, Head] = {}  # what this leader knows to be stored
        self._strays: set[str] = set()  # parts that no head names
        self._problems: dict[str, str] = {}
        for source in kept_sources(sources):
            source.observe(self._follower(source))

    def _follower(self, source: Source[Any, Any]) -> Callable[[Mapping[Any, Any]], None]:
        def changed(changes: Mapping[Any, Any]) -> None:
            clusters = {str(source.partition_of(key)) for key in changes}
            self._schedule.changed(clusters, self._clocks.monotonic())

        return changed

    async def serve(self) -> NoReturn:
        """Writes until cancelled; one at a time may do so."""
        known = False
        while True:
            known = known or await self._told("", self._take_stock)
            if known:
                await self._look()
            await next_look(self._pace.look if known else self._pace.between)

    async def _take_stock(self) -> None:
        found = await self._store.read()
        self._heads = {cluster: stored.head for cluster, stored in found.copies.items()}
        self._strays = set(found.strays)
        self._schedule.changed(self._joined.live(), self._clocks.monotonic())

    async def _look(self) -> None:
        now = self._clocks.monotonic()
        declared = frozenset(self._joined.declared())
        for cluster in sorted(self._heads.keys() - declared):
            if self._schedule.may_try(cluster, now):
                await self._told(cluster, partial(self._remove, self._heads[cluster]))
        for cluster, live in self._joined.live().items():
            if self._schedule.due(cluster, now):
                self._schedule.writing(cluster, now)
                if not await self._told(cluster, partial(self._keep, cluster, live)):
                    self._schedule.changed((cluster,), now)
            elif cluster in self._heads and self._schedule.confirmation_due(cluster, now):
                await self._told(cluster, partial(self._confirm, cluster, live))

    async def _keep(self, cluster: str, live: Live) -> None:
        rows, as_of = rows_of(self._sources, cluster), self._clocks.wall() - live.age
        if not rows.uid:
            log.info("no copy of a cluster whose namespace kube-system cannot be seen", cluster=cluster)
            return
        packed = await asyncio.to_thread(pack, rows)
        head = Head(
            cluster=cluster,
            uid=rows.uid,
            origin=origin_of(live.access),
            as_of=as_of,
            digest=packed.digest,
            parts=len(packed.parts),
        )
        former = self._heads.get(cluster)
        if former is not None and head.same_rows(former):
            return
        self._strays.update(part_names(head))
        await self._store.write(head, packed.parts)
        self._heads[cluster] = head
        self._strays.update(part_names(former) if former else ())
        self._strays.difference_update(part_names(head))
        self._metrics.written(cluster, packed.size, as_of)
        log.debug("copy of a remote cluster written", cluster=cluster, bytes=packed.size)
        await self._sweep()

    async def _confirm(self, cluster: str, live: Live) -> None:
        self._schedule.trying(cluster, self._clocks.monotonic())
        head = msgspec.structs.replace(self._heads[cluster], as_of=self._clocks.wall() - live.age)
        if await self._store.confirm(head):
            self._heads[cluster] = head
            self._metrics.confirmed(cluster, head.as_of)
        else:
            del self._heads[cluster]
            self._schedule.changed((cluster,), self._clocks.monotonic())  # somebody cleared it

    async def _remove(self, head: Head) -> None:
        self._schedule.trying(head.cluster, self._clocks.monotonic())
        await self._store.remove(head)
        del self._heads[head.cluster]
        self._schedule.forget(head.cluster)
        self._metrics.removed(head.cluster)
        log.info("the copy of a remote cluster is removed", cluster=head.cluster)

    async def _sweep(self) -> None:
        """Removes parts that no head names: those of the former copy, and those of tries that failed."""
        for name in sorted(self._strays):
            await self._store.delete(name)
            self._strays.discard(name)

    async def _told(self, cluster: str, work: Callable[[], Awaitable[None]]) -> bool:
        """Whether it was done. What keeps it from being done is logged once, counted, and tried again later."""
        try:
            await work()
        except KubeError as error:
            self._metrics.failed(cluster)
            if self._problems.get(cluster) != str(error):
                log.warning("the copy of a remote cluster cannot be kept", cluster=cluster, error=str(error))
            self._problems[cluster] = str(error)
            return False
        if self._problems.pop(cluster, None):
            log.info("the copy of a remote cluster can be kept again", cluster=cluster)
        return True
