"""The graph: sources, derivations, batches and settlements.

**Invariant:** a derivation reads only collections declared before it, so one pass in declaration order settles
everything. **Invariant:** after a settlement every derived row equals what a graph built from scratch would hold.

A settlement visits only collections that something it has changed concerns.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from isthmus.collections.batch import Batch, Source
from isthmus.collections.collection import Change, Collection, Index
from isthmus.collections.derived import Context, Derivation, Derived, Distinct, Target
from isthmus.collections.queue import Queue

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")
PK = TypeVar("PK", bound=Hashable)
PR = TypeVar("PR")
V = TypeVar("V", bound=Hashable)

Settlement = Mapping[Collection[Any, Any], Mapping[Any, Change[Any]]]
"""The net changes of one settlement, only collections that have some, in declaration order."""

_Derived = Derived[Any, Any, Any, Any]
_GONE: Mapping[Any, Any] = {}
"""What a parent yields that is not there any more."""


class Fault(NamedTuple):
    """A derivation that failed for one parent key; the last good rows of that key are kept."""

    collection: str
    key: Hashable
    error: str


class Graph:
    """All collections of one process, and the one way to change them."""

    def __init__(self, *, strict: bool = False) -> None:
        """``strict`` raises a derivation's exception (tests); otherwise it is contained to its key."""
        self.strict = strict
        self.collections: dict[str, Collection[Any, Any]] = {}
        self.faults: dict[tuple[str, Hashable], Fault] = {}
        self._followers: dict[Target, dict[_Derived, None]] = {}  # who has a target as parent, or has ever read it
        self._observers: list[Callable[[Settlement], None]] = []

    def source(
        self,
        name: str,
        partition: Callable[[Any], Hashable] = lambda key: key[0] if isinstance(key, tuple) else key,
    ) -> Source[Any, Any]:
        """Declares a source; annotate the result with its key and row types."""
        source: Source[Any, Any] = Source(name, len(self.collections), partition)
        self._declare(source)
        return source

    def derive(self, name: str, parent: Collection[PK, PR], fn: Derivation[PK, PR, K, R]) -> Collection[K, R]:
        """Declares rows derived from each row of a parent: ``fn(ctx, key, row)`` gives rows by key."""
        derived: Derived[PK, PR, K, R] = Derived(name, len(self.collections), parent, fn)
        return self._declare(derived)

    def group(
        self, name: str, index: Index[V, PK, PR], fn: Callable[[Context, V, tuple[PR, ...]], Mapping[K, R]]
    ) -> Collection[K, R]:
        """Declares rows derived from each group of an index: ``fn(ctx, value, rows)`` gives rows by key."""
        derived: Derived[V, tuple[PR, ...], K, R] = Derived(name, len(self.collections), index, fn)
        return self._declare(derived)

    def distinct(
        self, name: str, index: Index[V, Any, Any], fn: Callable[[Context, V], Mapping[K, R]]
    ) -> Collection[K, R]:
        """Declares rows derived from each value that an index has: ``fn(ctx, value)`` gives rows by key.

        Unlike a group it costs nothing when rows come or go under a value that stays.
        """
        derived: Distinct[V, K, R] = Distinct(name, len(self.collections), index, lambda ctx, value, _: fn(ctx, value))
        return self._declare(derived)

    def apply(self, batch: Batch) -> dict[str, Mapping[Any, Change[Any]]]:
        """Applies a batch and settles everything that follows from it.

        Returns the net changes per collection name, only those that have some. Observers are told afterwards,
        in declaration order.
        """
        settled: dict[Collection[Any, Any], Mapping[Any, Change[Any]]] = {}
        touched: dict[Target, Iterable[Hashable]] = {}
        queue = Queue(batch.writes)
        while (collection := queue.next()) is not None:
            if isinstance(collection, Source):
                changes = _write_all(collection, batch.writes[collection].items())
            else:
                changes = self._settle(collection, touched)  # type: ignore[arg-type]
            if changes:
                settled[collection] = changes
                self._spread(collection, changes, touched, queue)
        for collection, net in settled.items():
            for told in collection.observers:
                self._tell(told, net)
        for observer in self._observers:
            self._tell(observer, settled)
        return {collection.name: net for collection, net in settled.items()}

    def _tell(self, observer: Callable[[Any], None], news: Mapping[Any, Any]) -> None:
        """A bug in an observer is its own: the others are told, and whoever applied the batch goes on."""
        place = ("observers", getattr(observer, "__qualname__", repr(observer)))
        if self.faults:
            self.faults.pop(place, None)
        try:
            observer(news)
        except Exception as error:
            if self.strict:
                raise
            self.faults[place] = Fault(*place, f"{type(error).__name__}: {error}")

    def observe(self, observer: Callable[[Settlement], None]) -> None:
        """Calls the observer after each settlement, also of nothing; collections' own observers come first."""
        self._observers.append(observer)

    def inputs(self, collection: Collection[K, Any], key: K) -> tuple[tuple[str, Hashable], ...]:
        """What a derived row was made from: (collection or collection/index, key or value), parent first."""
        if not isinstance(collection, Derived) or key not in collection.owners:
            return ()
        owner = collection.owners[key]
        reads = collection.reads(owner)
        return ((_name(collection.parent), owner), *((_name(target), value) for target, value in reads))

    def _declare(self, collection: Collection[K, R]) -> Collection[K, R]:
        if collection.name in self.collections:
            raise ValueError(f"collection {collection.name} is declared twice")
        self.collections[collection.name] = collection
        if isinstance(collection, Derived):
            self._follow(collection, (collection.parent,))
        return collection

    def _follow(self, derived: _Derived, targets: Iterable[Target]) -> None:
        for target in targets:
            self._followers.setdefault(target, {})[derived] = None

    def _spread(
        self,
        collection: Collection[Any, Any],
        changes: Mapping[Any, Change[Any]],
        touched: dict[Target, Iterable[Hashable]],
        queue: Queue,
    ) -> None:
        """Notes what changed of a collection and its indexes, as far as somebody follows it."""
        if followers := self._followers.get(collection):
            touched[collection] = changes
            queue.add(followers)
        for index in collection.indexes:
            if followers := self._followers.get(index):
                touched[index] = index.touched(changes.values())
                queue.add(followers)

    def _settle(self, derived: _Derived, touched: Mapping[Target, Iterable[Hashable]]) -> dict[Any, Change[Any]]:
        results = {key: self._run(derived, key) for key in derived.dirty(touched)}
        rows: dict[Any, Any] = {}
        for key, outputs in results.items():
            if outputs is not None:
                rows.update(dict.fromkeys(_release(derived, key, outputs)))
        for key, outputs in results.items():
            if outputs is not None:
                rows.update(self._claim(derived, key, outputs))
        return _write_all(derived, rows.items())

    def _claim(self, derived: _Derived, key: Any, outputs: Mapping[Any, Any]) -> Iterable[tuple[Any, Any]]:
        for name, row in outputs.items():
            owner = derived.owners.setdefault(name, key)
            if owner == key:
                yield name, row
            else:
                self._fault(derived, key, ValueError(f"{name!r} is derived from {owner!r} already"))
        derived.set_outputs(key, outputs, present=outputs is not _GONE)

    def _run(self, derived: _Derived, key: Any) -> Mapping[Any, Any] | None:
        row = derived.parent_row(key)
        if self.faults:
            self.faults.pop((derived.name, key), None)
        if row is None:
            derived.record(key, ())
            return _GONE
        context = Context(derived.position)
        try:
            return derived.fn(context, key, row)
        except Exception as error:
            self._fault(derived, key, error)
            return None
        finally:
            self._follow(derived, derived.record(key, tuple(context.reads)))

    def _fault(self, derived: Collection[Any, Any], key: Hashable, error: Exception) -> None:
        if self.strict:
            raise error
        self.faults[derived.name, key] = Fault(derived.name, key, f"{type(error).__name__}: {error}")


def _release(derived: _Derived, key: Any, outputs: Mapping[Any, Any]) -> Iterable[Any]:
    """The keys that this parent key no longer yields; they may be claimed by another in the same settlement."""
    for name in derived.outputs(key):
        if name not in outputs and derived.owners.get(name) == key:
            del derived.owners[name]
            yield name


def _write_all(collection: Collection[Any, Any], writes: Iterable[tuple[Any, Any]]) -> dict[Any, Change[Any]]:
    return {key: change for key, row in writes if (change := collection.write(key, row)) is not None}


def _name(target: Target) -> str:
    return f"{target.collection.name}/{target.name}" if isinstance(target, Index) else str(target.name)
