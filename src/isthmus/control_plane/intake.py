"""How one cluster's objects enter the graph.

A cluster enters as one batch, when all its kinds have been listed once, so that nobody ever sees half of it.
Afterwards every list and every group of watch events is one batch, applied at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from isthmus.collections import Batch, Source
from isthmus.kube.events import Event
from isthmus.kube.reflector import Source as Reflected

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Feed(Generic[T]):
    """One kind of object and the source of the graph that it fills.

    ``row`` gives the row of one object, None when it is of no interest.
    ``partition`` names the source's partition that a cluster's list replaces.
    """

    reflected: Reflected[T]
    source: Source[Any, Any]
    key: Callable[[str, T], Any]
    row: Callable[[str, T], Any]
    partition: Callable[[str], Any] = lambda cluster: cluster


@dataclass(slots=True)
class _Held:
    """The state of one feed while the cluster is not complete."""

    rows: dict[Any, Any] = field(default_factory=dict)
    listed: bool = False


class Intake:
    """The feeds of one cluster, held back until all are there.

    ``entering`` is called right before the cluster enters, so that an intake that is replaced can be closed in the
    same moment: it must not write anything older afterwards.
    """

    def __init__(
        self,
        cluster: str,
        feeds: Sequence[Feed[Any]],
        apply: Callable[[Batch], object],
        entering: Callable[[], object] = lambda: None,
    ) -> None:
        self.cluster = cluster
        self.complete = asyncio.Event()
        self._apply = apply
        self._entering = entering
        self._closed = False
        self._held = {id(feed): _Held() for feed in feeds}
        self._feeds = {id(feed): feed for feed in feeds}

    def sink(self, feed: Feed[Any]) -> FeedSink:
        """Where the feed's reflector delivers."""
        return FeedSink(self, feed)

    def close(self) -> None:
        """Takes nothing any more, whatever its reflectors still deliver."""
        self._closed = True

    def replace(self, feed: Feed[Any], rows: dict[Any, Any]) -> None:
        """The feed's cluster holds exactly these rows."""
        if self._closed:
            return
        if self.complete.is_set():
            batch = Batch()
            batch.replace(feed.source, feed.partition(self.cluster), rows)
            self._apply(batch)
            return
        self._held[id(feed)] = _Held(rows, listed=True)
        if all(held.listed for held in self._held.values()):
            self._enter()

    def change(self, feed: Feed[Any], changes: Mapping[Any, Any]) -> None:
        """Rows that changed; None removes one."""
        if self._closed:
            return
        if self.complete.is_set():
            batch = Batch()
            for key, row in changes.items():
                if row is None:
                    batch.delete(feed.source, key)
                else:
                    batch.put(feed.source, key, row)
            self._apply(batch)
            return
        held = self._held[id(feed)].rows
        held.update({key: row for key, row in changes.items() if row is not None})
        for key in [key for key, row in changes.items() if row is None]:
            held.pop(key, None)

    def _enter(self) -> None:
        batch = Batch()
        for name, held in self._held.items():
            feed = self._feeds[name]
            batch.replace(feed.source, feed.partition(self.cluster), held.rows)
        self._held = {}
        self._entering()
        self._apply(batch)
        self.complete.set()


class FeedSink:
    """The reflector's side of a feed: objects in, rows out."""

    def __init__(self, intake: Intake, feed: Feed[Any]) -> None:
        self._intake = intake
        self._feed = feed

    def replace(self, objects: Sequence[Any]) -> None:
        """All objects of the kind."""
        rows = (self._row(item) for item in objects)
        self._intake.replace(self._feed, {key: row for key, row in rows if row is not None})

    def change(self, events: Sequence[Event[Any]]) -> None:
        """Watch events, in order; the last one of an object counts."""
        changes: dict[Any, Any] = {}
        for event in events:
            key, row = self._row(event.object)
            changes[key] = None if event.type == "DELETED" else row
        self._intake.change(self._feed, changes)

    def _row(self, item: Any) -> tuple[Any, Any]:
        cluster = self._intake.cluster
        return self._feed.key(cluster, item), self._feed.row(cluster, item)


def remove_cluster(cluster: str, feeds: Sequence[Feed[Any]]) -> Batch:
    """The batch that takes a cluster out of the graph."""
    batch = Batch()
    for feed in feeds:
        batch.replace(feed.source, feed.partition(cluster), {})
    return batch
