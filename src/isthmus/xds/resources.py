"""Who supplies resources, how changes are named, and how a resource is laid out inside a response.

Knows names and versions. Does not know what a resource says nor who wants it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Set
from enum import Enum
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, Protocol

from isthmus.model.resource import Resource
from isthmus.protos import type_url as type_url_of

if TYPE_CHECKING:
    from isthmus.model.identity import Caller
    from isthmus.xds.node import Node


class Everything(Enum):
    """The value that stands for all names of a type."""

    ALL = "all"


ALL: Final = Everything.ALL
Names = Set[str] | Everything
Subscriber = Hashable


class Lookup(Protocol):
    """The newest resources as one subscriber sees them."""

    def wildcard(self, type_url: str) -> Mapping[str, Resource]:
        """Everything of a type, by name."""

    def named(self, type_url: str, names: Iterable[str]) -> Mapping[str, Resource]:
        """Those of the named that exist."""


class ResourceSource(Protocol):
    """What the control plane offers to the server. All calls are synchronous and must not block.

    The source tells of changes by ``XdsServer.changed(subscriber, {type_url: names or ALL})``.
    """

    def open(self, node: Node, caller: Caller | None) -> Subscriber:
        """Admits a proxy; ``Refused`` when it cannot be served. May return one subscriber for several streams."""

    def close(self, subscriber: Subscriber) -> None:
        """One stream of this subscriber ended; called once per ``open``."""

    def resume(self, subscriber: Subscriber, type_url: str, versions: Mapping[str, str]) -> None:
        """A proxy that comes back says what it holds of a type: name → version. Nothing of it was sent yet."""

    def cluster(self, subscriber: Subscriber) -> str:
        """The cluster that this subscriber runs in, which need not be the one that it names; empty when not known."""

    def wildcard(self, subscriber: Subscriber, type_url: str) -> Mapping[str, Resource]:
        """Everything of a type that this subscriber should have; empty for a type that is not known."""

    def named(self, subscriber: Subscriber, type_url: str, names: Iterable[str]) -> Mapping[str, Resource]:
        """Those of the named resources that exist for this subscriber."""


def resource_of(name: str, message: Any) -> Resource:
    """A resource from a protobuf message: equal messages give equal versions."""
    body = message.SerializeToString(deterministic=True)
    return Resource(name, type_url_of(message), body, content_version(body))


def content_version(body: bytes) -> str:
    """16 hexadecimal digits that change with the content."""
    return blake2b(body, digest_size=8).hexdigest()
