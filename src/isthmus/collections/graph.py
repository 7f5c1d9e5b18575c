"""The graph: sources, derivations, batches and settlements.

**Invariant:** a derivation reads only collections declared before it, so one pass in declaration order settles
everything. **Invariant:** after a settlement every derived row equals what a graph built from scratch would hold.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from isthmus.collections.collection import Change, Collection, Index

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")
PK = TypeVar("PK", bound=Hashable)
PR = TypeVar("PR")
V = TypeVar("V", bound=Hashable)

Dependency = tuple[object, Hashable]  # (collection or index, key or value)


class Fault(NamedTuple):
    """A derivation that failed for one parent key; the last good rows of that key are kept."""

    collection: str
    key: Hashable
    error: str


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
        if change is not None:
            keys = self._partitions.setdefault(self.partition_of(key), set())
            (keys.discard if row is None else keys.add)(key)
        return change


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


class Context:
    """What a derivation may read. Each look-up is recorded as a dependency of the row being derived."""

    def __init__(self, position: int) -> None:
        self._position = position
        self.reads: dict[Dependency, None] = {}

    def get(self, collection: Collection[K, R], key: K) -> R | None:
        """A row by key."""
        self._check(collection)
        self.reads[collection, key] = None
        return collection.get(key)

    def select(self, index: Index[V, K, R], value: V) -> tuple[R, ...]:
        """The rows under an index value, ordered by their keys."""
        self._check(index.collection)
        self.reads[index, value] = None
        return index.rows(value)

    def _check(self, collection: Collection[Any, Any]) -> None:
        if collection.position >= self._position:
            raise LookupError(f"{collection.name} is declared later and cannot be read here")


Derivation = Callable[[Context, PK, PR], Mapping[K, R]]
Settlement = Mapping[Collection[Any, Any], Mapping[Any, Change[Any]]]
"""The net changes of one settlement, only collections that have some, in declaration order."""


class _Derived(Collection[K, R], Generic[PK, PR, K, R]):
    """A collection whose rows are a function of the rows of a parent collection or of an index's groups."""

    def __init__(
        self,
        name: str,
        position: int,
        parent: Collection[PK, PR] | Index[PK, Any, Any],
        fn: Derivation[PK, PR, K, R],
    ) -> None:
        super().__init__(name, position)
        self.parent = parent
        self.fn = fn
        self.outputs: dict[PK, Mapping[K, R]] = {}
        self.reads: dict[PK, dict[Dependency, None]] = {}
        self.readers: dict[Dependency, dict[PK, None]] = {}
        self.owners: dict[K, PK] = {}

    def parent_row(self, key: PK) -> PR | None:
        """The parent's row, or the tuple of rows of an index group; None when it is gone."""
        if isinstance(self.parent, Index):
            return self.parent.rows(key) or None  # type: ignore[return-value]
        return self.parent.get(key)

    def record(self, key: PK, reads: dict[Dependency, None]) -> None:
        """Remembers what the rows of this parent key were derived from."""
        for read in self.reads.pop(key, ()):
            if read not in reads:
                readers = self.readers[read]
                readers.pop(key, None)
                if not readers:
                    del self.readers[read]
        for read in reads:
            self.readers.setdefault(read, {})[key] = None
        if reads:
            self.reads[key] = reads


class Graph:
    """All collections of one process, and the one way to change them."""

    def __init__(self, *, strict: bool = False) -> None:
        """``strict`` raises a derivation's exception (tests); otherwise it is contained to its key."""
        self.strict = strict
        self.collections: dict[str, Collection[Any, Any]] = {}
        self.faults: dict[tuple[str, Hashable], Fault] = {}
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
        derived: Collection[K, R] = _Derived(name, len(self.collections), parent, fn)
        self._declare(derived)
        return derived

    def group(
        self, name: str, index: Index[V, PK, PR], fn: Callable[[Context, V, tuple[PR, ...]], Mapping[K, R]]
    ) -> Collection[K, R]:
        """Declares rows derived from each group of an index: ``fn(ctx, value, rows)`` gives rows by key."""
        derived: Collection[K, R] = _Derived(name, len(self.collections), index, fn)
        self._declare(derived)
        return derived

    def apply(self, batch: Batch) -> dict[str, dict[Any, Change[Any]]]:
        """Applies a batch and settles everything that follows from it.

        Returns the net changes per collection name, only those that have some. Observers are told afterwards,
        in declaration order.
        """
        settled: dict[Collection[Any, Any], dict[Any, Change[Any]]] = {}
        touched: set[Dependency] = set()
        for collection in self.collections.values():
            if isinstance(collection, _Derived):
                changes = self._settle(collection, settled, touched)
            else:
                changes = _write_all(collection, batch.writes.get(collection, {}).items())  # type: ignore[call-overload]
            if changes:
                settled[collection] = changes
                touched.update(_dependencies(collection, changes))
        for collection, changes in settled.items():
            collection.announce(changes)
        for observer in self._observers:
            observer(settled)
        return {collection.name: changes for collection, changes in settled.items()}

    def observe(self, observer: Callable[[Settlement], None]) -> None:
        """Calls the observer after each settlement, also of nothing; collections' own observers come first."""
        self._observers.append(observer)

    def inputs(self, collection: Collection[K, Any], key: K) -> tuple[tuple[str, Hashable], ...]:
        """What a derived row was made from: (collection or collection/index, key or value), parent first."""
        if not isinstance(collection, _Derived) or key not in collection.owners:
            return ()
        owner = collection.owners[key]
        reads = collection.reads.get(owner, {})
        return ((_name(collection.parent), owner), *((_name(target), value) for target, value in reads))

    def _declare(self, collection: Collection[Any, Any]) -> None:
        if collection.name in self.collections:
            raise ValueError(f"collection {collection.name} is declared twice")
        self.collections[collection.name] = collection

    def _settle(
        self,
        derived: _Derived[Any, Any, Any, Any],
        settled: Mapping[Collection[Any, Any], Mapping[Any, Change[Any]]],
        touched: Iterable[Dependency],
    ) -> dict[Any, Change[Any]]:
        results = {key: self._run(derived, key) for key in _dirty(derived, settled, touched)}
        rows: dict[Any, Any] = {}
        for key, outputs in results.items():
            if outputs is not None:
                rows.update(dict.fromkeys(_release(derived, key, outputs)))
        for key, outputs in results.items():
            if outputs is not None:
                rows.update(self._claim(derived, key, outputs))
        return _write_all(derived, rows.items())

    def _claim(
        self, derived: _Derived[Any, Any, Any, Any], key: Any, outputs: Mapping[Any, Any]
    ) -> Iterable[tuple[Any, Any]]:
        for name, row in outputs.items():
            owner = derived.owners.setdefault(name, key)
            if owner == key:
                yield name, row
            else:
                self._fault(derived, key, ValueError(f"{name!r} is derived from {owner!r} already"))
        if outputs:
            derived.outputs[key] = outputs
        else:
            derived.outputs.pop(key, None)

    def _run(self, derived: _Derived[Any, Any, Any, Any], key: Any) -> Mapping[Any, Any] | None:
        row = derived.parent_row(key)
        self.faults.pop((derived.name, key), None)
        if row is None:
            derived.record(key, {})
            return {}
        context = Context(derived.position)
        try:
            return derived.fn(context, key, row)
        except Exception as error:
            self._fault(derived, key, error)
            return None
        finally:
            derived.record(key, context.reads)

    def _fault(self, derived: Collection[Any, Any], key: Hashable, error: Exception) -> None:
        if self.strict:
            raise error
        self.faults[derived.name, key] = Fault(derived.name, key, f"{type(error).__name__}: {error}")


def _release(derived: _Derived[Any, Any, Any, Any], key: Any, outputs: Mapping[Any, Any]) -> Iterable[Any]:
    """The keys that this parent key no longer yields; they may be claimed by another in the same settlement."""
    for name in derived.outputs.get(key, {}):
        if name not in outputs and derived.owners.get(name) == key:
            del derived.owners[name]
            yield name


def _write_all(collection: Collection[Any, Any], writes: Iterable[tuple[Any, Any]]) -> dict[Any, Change[Any]]:
    return {key: change for key, row in writes if (change := collection.write(key, row)) is not None}


def _dependencies(collection: Collection[Any, Any], changes: Mapping[Any, Change[Any]]) -> Iterable[Dependency]:
    for key in changes:
        yield collection, key
    for index in collection.indexes:
        for change in changes.values():
            for value in index.touched(change):
                yield index, value


def _dirty(
    derived: _Derived[Any, Any, Any, Any],
    settled: Mapping[Collection[Any, Any], Mapping[Any, Change[Any]]],
    touched: Iterable[Dependency],
) -> dict[Any, None]:
    """The parent keys whose rows may have changed, in a stable order."""
    parent = derived.parent
    dirty: dict[Any, None] = {}
    if isinstance(parent, Index):
        for change in settled.get(parent.collection, {}).values():
            dirty.update(dict.fromkeys(parent.touched(change)))
    else:
        dirty.update(dict.fromkeys(settled.get(parent, ())))
    if derived.readers:
        for dependency in touched:
            if (readers := derived.readers.get(dependency)) is not None:
                dirty.update(readers)
    return dirty


def _name(target: Any) -> str:
    return f"{target.collection.name}/{target.name}" if isinstance(target, Index) else str(target.name)
