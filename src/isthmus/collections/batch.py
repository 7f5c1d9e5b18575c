"""What comes from outside: sources, and the batches that change them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

from isthmus.collections.collection import Change, Collection

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")


class Source(Collection[K, R]):
    """A collection that is written from outside, through a batch.

    Keys are grouped by ``partition(key)`` (the cluster, usually), so that a re-list of one cluster can replace
    exactly that cluster's rows.
    """

    def __init__(self, name: str, position: int, partition: Callable[[K], Hashable]) -> None:
        super().__init__(name, position)
        self.partition_of = partition
        self._partitions: dict[Hashable, set[K]] = {}

    def partition(self, partition: Hashable) -> frozenset[K]:
        """The keys of one partition."""
        return frozenset(self._partitions.get(partition, ()))

    def write(self, key: K, row: R | None) -> Change[R] | None:
        """Stores or removes a row. For the graph only."""
        change = super().write(key, row)
        if change is not None and row is not None:
            self._partitions.setdefault(self.partition_of(key), set()).add(key)
        elif change is not None:
            self._leave_partition(key)
        return change

    def _leave_partition(self, key: K) -> None:
        partition = self.partition_of(key)
        keys = self._partitions[partition]
        keys.discard(key)
        if not keys:  # partitions come and go, as connections of proxies do
            del self._partitions[partition]


class Batch:
    """Changes to sources that are settled together. Later writes to a key win."""

    def __init__(self) -> None:
        self.writes: dict[Source[Any, Any], dict[Any, Any]] = {}

    def put(self, source: Source[K, R], key: K, row: R) -> None:
        """Adds or changes a row."""
        self.writes.setdefault(source, {})[key] = row

    def delete(self, source: Source[K, R], key: K) -> None:
        """Removes a row; nothing happens when it is not there."""
        self.writes.setdefault(source, {})[key] = None

    def replace(self, source: Source[K, R], partition: Hashable, rows: Mapping[K, R]) -> None:
        """Makes a partition hold exactly these rows."""
        writes = self.writes.setdefault(source, {})
        for key in [key for key in writes if source.partition_of(key) == partition]:
            del writes[key]
        writes.update(dict.fromkeys(source.partition(partition) - rows.keys()))
        writes.update(rows)
