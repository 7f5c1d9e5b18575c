"""Collections of keyed rows and their indexes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")
V = TypeVar("V", bound=Hashable)


class Change(NamedTuple, Generic[R]):
    """What happened to one row: ``old`` is None when it is new, ``new`` is None when it is gone."""

    old: R | None
    new: R | None


class Collection(Generic[K, R]):
    """Rows by key. Only the graph writes; everyone may read between two settlements."""

    def __init__(self, name: str, position: int) -> None:
        self.name = name
        self.position = position
        self.indexes: list[Index[Any, K, R]] = []
        self._rows: dict[K, R] = {}
        self.observers: list[Callable[[Mapping[K, Change[R]]], None]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[K]:
        return iter(self._rows)

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def get(self, key: K) -> R | None:
        """The row with this key."""
        return self._rows.get(key)

    def items(self) -> Iterable[tuple[K, R]]:
        """All keys and rows, in no promised order."""
        return self._rows.items()

    def values(self) -> Iterable[R]:
        """All rows, in no promised order."""
        return self._rows.values()

    def index(self, name: str, values: Callable[[R], Iterable[V]]) -> Index[V, K, R]:
        """Declares an index: each row is found under each of the values that the function gives for it."""
        if any(index.name == name for index in self.indexes):
            raise ValueError(f"collection {self.name} has an index {name} already")
        index: Index[V, K, R] = Index(name, self, values)
        self.indexes.append(index)
        for key, row in self._rows.items():
            index.move(key, Change(None, row))
        return index

    def observe(self, observer: Callable[[Mapping[K, Change[R]]], None]) -> None:
        """Calls the observer with this collection's net changes after each settlement that has some."""
        self.observers.append(observer)

    def write(self, key: K, row: R | None) -> Change[R] | None:
        """Stores or removes a row and updates the indexes; None when nothing changed. For the graph only."""
        old = self._rows.get(key)
        if old is row or old == row:
            return None
        if row is None:
            del self._rows[key]
        else:
            self._rows[key] = row
        change = Change(old, row)
        for index in self.indexes:
            index.move(key, change)
        return change


class Index(Generic[V, K, R]):
    """Rows of one collection by a value computed from the row."""

    def __init__(self, name: str, collection: Collection[K, R], values: Callable[[R], Iterable[V]]) -> None:
        self.name = name
        self.collection = collection
        self.values_of = values
        self._buckets: dict[V, tuple[K, R] | dict[K, R]] = {}  # most values have one row: a pair is a third of a dict
        self._sorted: dict[V, tuple[R, ...]] = {}

    def __iter__(self) -> Iterator[V]:
        return iter(self._buckets)

    def __contains__(self, value: object) -> bool:
        return value in self._buckets

    def rows(self, value: V) -> tuple[R, ...]:
        """The rows under this value, ordered by their keys."""
        found = self._sorted.get(value)
        if found is None:
            bucket = self._buckets.get(value)
            if bucket is None:
                return ()
            if isinstance(bucket, tuple):
                return (bucket[1],)
            found = tuple(bucket[key] for key in sorted(bucket))  # type: ignore[type-var]
            self._sorted[value] = found
        return found

    def touched(self, changes: Iterable[Change[R]]) -> dict[V, None]:
        """The values whose rows these changes alter."""
        result: dict[V, None] = {}
        for change in changes:
            for row in change:
                if row is not None:
                    result.update(dict.fromkeys(self.values_of(row)))
        return result

    def move(self, key: K, change: Change[R]) -> None:
        """Follows a change of one row. For the collection only."""
        for value in () if change.old is None else self.values_of(change.old):
            self._take_out(value, key)
        for value in () if change.new is None else self.values_of(change.new):
            self._put(value, key, change.new)  # type: ignore[arg-type]

    def _take_out(self, value: V, key: K) -> None:
        bucket = self._buckets.get(value)
        if isinstance(bucket, dict):
            bucket.pop(key, None)
        if not bucket or (isinstance(bucket, tuple) and bucket[0] == key):
            self._buckets.pop(value, None)
        self._sorted.pop(value, None)

    def _put(self, value: V, key: K, row: R) -> None:
        bucket = self._buckets.get(value)
        if isinstance(bucket, dict):
            bucket[key] = row
        elif bucket is None or bucket[0] == key:
            self._buckets[value] = (key, row)
        else:
            self._buckets[value] = {bucket[0]: bucket[1], key: row}
        self._sorted.pop(value, None)
