"""The collections that a settlement still has to visit, in declaration order."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import Any

from isthmus.collections.collection import Collection


class Queue:
    """Each collection comes out once: whatever concerns it lies before it."""

    def __init__(self, collections: Iterable[Collection[Any, Any]]) -> None:
        self._waiting: dict[int, Collection[Any, Any]] = {}
        self._positions: list[int] = []
        self.add(collections)

    def add(self, collections: Iterable[Collection[Any, Any]]) -> None:
        """These have to be visited."""
        for collection in collections:
            if collection.position not in self._waiting:
                self._waiting[collection.position] = collection
                heapq.heappush(self._positions, collection.position)

    def next(self) -> Collection[Any, Any] | None:
        """The first of those that are left."""
        return self._waiting.pop(heapq.heappop(self._positions)) if self._positions else None
