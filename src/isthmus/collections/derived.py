"""Derived collections: which rows a parent yields, and what they were made from.

There are tens of thousands of parents and more look-ups than that, so bookkeeping is by tuples, and a look-up that
one parent alone makes costs no set.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from isthmus.collections.collection import Collection, Index

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")
PK = TypeVar("PK", bound=Hashable)
PR = TypeVar("PR")
V = TypeVar("V", bound=Hashable)

Target = Collection[Any, Any] | Index[Any, Any, Any]
Read = tuple[Target, Hashable]  # where, and the key or value
Touched = Mapping[Target, Iterable[Hashable]]
"""What a settlement has changed so far: keys of collections, values of indexes."""


class Context:
    """What a derivation may read. Each look-up is recorded as a dependency of the row being derived."""

    __slots__ = ("_position", "reads")

    def __init__(self, position: int) -> None:
        self._position = position
        self.reads: dict[Read, None] = {}

    def get(self, collection: Collection[K, R], key: K) -> R | None:
        """A row by key."""
        if collection.position >= self._position:
            raise LookupError(f"{collection.name} is declared later and cannot be read here")
        self.reads[collection, key] = None
        return collection.get(key)

    def select(self, index: Index[V, K, R], value: V) -> tuple[R, ...]:
        """The rows under an index value, ordered by their keys."""
        if index.collection.position >= self._position:
            raise LookupError(f"{index.collection.name} is declared later and cannot be read here")
        self.reads[index, value] = None
        return index.rows(value)


Derivation = Callable[[Context, PK, PR], Mapping[K, R]]


class Derived(Collection[K, R], Generic[PK, PR, K, R]):
    """A collection whose rows are a function of the rows of a parent, or of the groups or values of an index."""

    def __init__(self, name: str, position: int, parent: Target, fn: Derivation[PK, PR, K, R]) -> None:
        super().__init__(name, position)
        self.parent = parent
        self.fn = fn
        self.owners: dict[K, PK] = {}
        self._outputs: dict[PK, tuple[K, ...]] = {}  # every parent that is there, also one that yields nothing
        self._reads: dict[PK, tuple[Read, ...]] = {}
        self._readers: dict[Target, dict[Hashable, _Readers]] = {}

    def parent_row(self, key: PK) -> PR | None:
        """The parent's row, or the tuple of rows of an index group; None when it is gone."""
        if isinstance(self.parent, Index):
            return self.parent.rows(key) or None  # type: ignore[return-value]
        return self.parent.get(key)

    def has_parent(self, key: PK) -> bool:
        """Whether the parent was there at the last run."""
        return key in self._outputs

    def outputs(self, key: PK) -> tuple[K, ...]:
        """The keys that a parent yields."""
        return self._outputs.get(key, ())

    def set_outputs(self, key: PK, outputs: Iterable[K], *, present: bool) -> None:
        """Remembers what a parent yields, and whether it is there at all."""
        if present:
            self._outputs[key] = tuple(outputs)
        else:
            self._outputs.pop(key, None)

    def reads(self, key: PK) -> tuple[Read, ...]:
        """What the rows of a parent were derived from, besides the parent."""
        return self._reads.get(key, ())

    def record(self, key: PK, reads: tuple[Read, ...]) -> Iterable[Target]:
        """Remembers what the rows of this parent were derived from; gives the targets that are new to everybody."""
        before = self._reads.get(key, ())
        if reads == before:
            return ()
        for target, value in set(before).difference(reads):
            self._forget(target, value, key)
        if reads:
            self._reads[key] = reads
        else:
            self._reads.pop(key, None)
        return [target for target, value in set(reads).difference(before) if self._add(target, value, key)]

    def dirty(self, touched: Touched) -> dict[PK, None]:
        """The parents whose rows may have changed, in a stable order."""
        dirty: dict[Any, None] = dict.fromkeys(self._parents(touched))
        for target, values in touched.items():
            readers = self._readers.get(target)
            if readers:
                for value in values:
                    found = readers.get(value)
                    if found is not None:
                        dirty.update(dict.fromkeys(found))
        return dirty

    def _parents(self, touched: Touched) -> Iterable[Any]:
        return touched.get(self.parent, ())

    def _add(self, target: Target, value: Hashable, key: PK) -> bool:
        known = self._readers.get(target)
        if known is None:
            self._readers[target] = {value: (key,)}
            return True
        readers = known.get(value, ())
        if isinstance(readers, tuple) and len(readers) < _FEW:
            known[value] = (*readers, key)
        elif isinstance(readers, tuple):
            known[value] = dict.fromkeys((*readers, key))
        else:
            readers[key] = None
        return False

    def _forget(self, target: Target, value: Hashable, key: PK) -> None:
        known = self._readers[target]
        readers = known[value]
        if isinstance(readers, tuple):
            readers = known[value] = tuple(reader for reader in readers if reader != key)
        else:
            del readers[key]
        if not readers:
            del known[value]


class Distinct(Derived[PK, None, K, R]):
    """Rows for every value that an index has, whatever rows are under it."""

    def parent_row(self, key: PK) -> Any:
        """True while the value is in use."""
        return True if key in self.parent else None

    def _parents(self, touched: Touched) -> Iterator[Any]:
        for value in touched.get(self.parent, ()):
            if (value in self.parent) != self.has_parent(value):  # type: ignore[arg-type]
                yield value


_FEW = 4
_Readers = tuple[Any, ...] | dict[Any, None]
