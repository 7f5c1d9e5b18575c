"""What one stream sees: its subscriber's resources, and debug pages.

Knows which types are whose. Does not know subscriptions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from isthmus.model.identity import Caller
from isthmus.model.resource import Resource
from isthmus.xds.debug import DebugTypes
from isthmus.xds.node import Node
from isthmus.xds.order import DEBUG
from isthmus.xds.resources import ResourceSource, Subscriber


class View:
    """A ``Lookup`` for one stream. Tools that only read debug pages never become subscribers."""

    def __init__(self, source: ResourceSource, debug: DebugTypes, caller: Caller | None) -> None:
        self._source = source
        self._debug = debug
        self._caller = caller
        self._subscriber: Subscriber | None = None

    @property
    def opened(self) -> bool:
        """Whether the source knows of this stream."""
        return self._subscriber is not None

    @property
    def cluster(self) -> str:
        """Where the source sees this stream's proxy; empty when it does not know."""
        return "" if self._subscriber is None else self._source.cluster(self._subscriber)

    def open(self, node: Node) -> Subscriber:
        """Makes the stream known to the source; ``Refused`` when it does not admit the proxy."""
        self._subscriber = self._source.open(node, self._caller)
        return self._subscriber

    def resume(self, type_url: str, versions: Mapping[str, str]) -> None:
        """The proxy says what it holds of a type, before it is answered."""
        if self._subscriber is not None:
            self._source.resume(self._subscriber, type_url, versions)

    def close(self) -> Subscriber | None:
        """Takes the stream from the source again, once."""
        subscriber, self._subscriber = self._subscriber, None
        if subscriber is not None:
            self._source.close(subscriber)
        return subscriber

    def wildcard(self, type_url: str) -> Mapping[str, Resource]:
        """Everything of a type, by name."""
        if type_url.startswith(DEBUG):
            return self._debug.resources(type_url, (), self._caller)
        assert self._subscriber is not None
        return self._source.wildcard(self._subscriber, type_url)

    def named(self, type_url: str, names: Iterable[str]) -> Mapping[str, Resource]:
        """Those of the named that exist."""
        if type_url.startswith(DEBUG):
            return self._debug.resources(type_url, tuple(names), self._caller)
        assert self._subscriber is not None
        return self._source.named(self._subscriber, type_url, names)
