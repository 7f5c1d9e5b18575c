"""The current objects of one kind by name, for the few kinds that are read whole rather than as rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from isthmus.kube.events import Event

T = TypeVar("T")


class NamedObjects(Generic[T]):
    """A reflector's sink that keeps objects by (namespace, name) and calls back after each list and each change.

    An event after which an object is what it was, as far as its record tells, is none.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._objects: dict[tuple[str, str], T] = {}

    @property
    def objects(self) -> Mapping[tuple[str, str], T]:
        """All objects."""
        return self._objects

    def replace(self, objects: Sequence[T]) -> None:
        """All objects of the kind."""
        self._objects = {_key(item): item for item in objects}
        self._changed()

    def change(self, events: Sequence[Event[T]]) -> None:
        """Watch events, in order."""
        before = dict(self._objects)
        for event in events:
            if event.type == "DELETED":
                self._objects.pop(_key(event.object), None)
            else:
                self._objects[_key(event.object)] = event.object
        if self._objects != before:
            self._changed()


def _key(item: Any) -> tuple[str, str]:
    return item.metadata.namespace, item.metadata.name
