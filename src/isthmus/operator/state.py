"""What the operator knows of its cluster: one cache per kind, kept by reflectors.

Knows which kinds are watched, and which change concerns the operator's resources. Decides nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, NoReturn, Protocol, TypeVar

from isthmus.install.manifests import Identity, identity
from isthmus.install.owned import KINDS
from isthmus.install.render import Object
from isthmus.kube import kinds
from isthmus.kube.client import Client, Query
from isthmus.kube.events import Event
from isthmus.kube.kinds import Kind
from isthmus.kube.reflector import Reflector, Sink, Source
from isthmus.operator.kinds import ISTIO, ISTIO_CNI, ISTIO_REVISION, ISTIO_REVISION_TAG
from isthmus.operator.ownership import OWNER_UID
from isthmus.operator.resources.resource import (
    Istio,
    IstioCni,
    IstioRevision,
    IstioRevisionTag,
    Metadata,
    Named,
    Resource,
)
from isthmus.operator.usage import References, of_namespace, of_pod

R = TypeVar("R", bound=Named | Resource)  # type: ignore[type-arg] # any resource

Changed = Callable[[], object]


class Cache(Generic[R]):
    """A sink that holds the objects of one kind by name."""

    def __init__(self, changed: Changed) -> None:
        self._changed = changed
        self._objects: dict[str, R] = {}

    def replace(self, objects: Sequence[R]) -> None:
        """These are all the objects there are."""
        self._objects = {found.metadata.name: found for found in objects}
        self._changed()

    def change(self, events: Sequence[Event[R]]) -> None:
        """These changes arrived."""
        for event in events:
            if event.type == "DELETED":
                self._objects.pop(event.object.metadata.name, None)
            else:
                self._objects[event.object.metadata.name] = event.object
        self._changed()

    def get(self, name: str) -> R | None:
        """The object of that name."""
        return self._objects.get(name)

    @property
    def all(self) -> tuple[R, ...]:
        """Every object, oldest first."""
        return tuple(sorted(self._objects.values(), key=lambda found: found.metadata.age_key))


class OwnedCache:
    """A sink that holds the objects of one kind that the operator made, as they are."""

    def __init__(self, kind: Kind, changed: Changed) -> None:
        self._type = {"apiVersion": kind.api_version, "kind": kind.kind}  # lists leave it out of their items
        self._changed = changed
        self._objects: dict[Identity, Object] = {}

    def replace(self, objects: Sequence[Object]) -> None:
        """These are all the objects there are."""
        whole = [self._type | found for found in objects]
        self._objects = {identity(found): found for found in whole}
        self._changed()

    def change(self, events: Sequence[Event[Object]]) -> None:
        """These changes arrived."""
        for event in events:
            if event.type == "DELETED":
                self._objects.pop(identity(event.object), None)
            else:
                self._objects[identity(event.object)] = event.object
        self._changed()

    def of(self, uid: str) -> Mapping[Identity, Object]:
        """The objects that a resource made. What a controller made of them (endpoint slices) is not among them."""
        return {
            key: found
            for key, found in self._objects.items()
            if (found["metadata"].get("labels") or {}).get(OWNER_UID) == uid and not _is_controlled(found)
        }


def _is_controlled(found: Object) -> bool:
    return any(each.get("controller") for each in found["metadata"].get("ownerReferences") or ())


class _Both:
    """A sink that gives everything to two others."""

    def __init__(self, *sinks: Sink[Named]) -> None:
        self._sinks = sinks

    def replace(self, objects: Sequence[Named]) -> None:
        for sink in self._sinks:
            sink.replace(objects)

    def change(self, events: Sequence[Event[Named]]) -> None:
        for sink in self._sinks:
            sink.change(events)


class State:
    """All caches. `changed` is called after every change that may concern a resource of the operator."""

    def __init__(self, changed: Changed) -> None:
        self.istios: Cache[Istio] = Cache(changed)
        self.revisions: Cache[IstioRevision] = Cache(changed)
        self.tags: Cache[IstioRevisionTag] = Cache(changed)
        self.agents: Cache[IstioCni] = Cache(changed)
        self.namespaces: Cache[Named] = Cache(changed)
        self.definitions: Cache[Named] = Cache(changed)
        self.users = (
            References("namespace", lambda found: of_namespace(found.labels), changed),
            References("pod", _of_pod, changed),
        )
        self._owned = {kind: OwnedCache(kind, changed) for kind in KINDS if kind != kinds.CUSTOM_RESOURCE_DEFINITION}

    def live(self, uid: str) -> dict[Identity, Object]:
        """The objects that a resource made, by identity."""
        return {key: found for cache in self._owned.values() for key, found in cache.of(uid).items()}

    async def follow(self, client: Client, tasks: asyncio.TaskGroup) -> None:
        """Start watching; returns when everything has been read once."""
        reflectors: list[_Running] = [
            Reflector(client, Source(ISTIO, Istio), self.istios),
            Reflector(client, Source(ISTIO_REVISION, IstioRevision), self.revisions),
            Reflector(client, Source(ISTIO_REVISION_TAG, IstioRevisionTag), self.tags),
            Reflector(client, Source(ISTIO_CNI, IstioCni), self.agents),
            Reflector(client, Source(kinds.NAMESPACE, Named), _Both(self.namespaces, self.users[0])),
            Reflector(client, Source(kinds.POD, Named), self.users[1]),
            Reflector(client, Source(kinds.CUSTOM_RESOURCE_DEFINITION, Named), self.definitions),
        ]
        selected = Query(labels=OWNER_UID)
        for kind, cache in self._owned.items():
            reflectors.append(Reflector(client, Source(kind, Object, selected, optional=True), cache))
        for reflector in reflectors:
            tasks.create_task(reflector.run())
        await asyncio.gather(*(reflector.wait_synced() for reflector in reflectors))


class _Running(Protocol):
    """A reflector of any kind."""

    async def run(self) -> NoReturn: ...

    async def wait_synced(self) -> None: ...


def _of_pod(found: Metadata) -> frozenset[str]:
    return of_pod(found.labels, found.annotations)
