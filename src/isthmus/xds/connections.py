"""All streams that are connected: who is told of a change, and how they are woken.

Knows subscribers and streams. Does not know protocol state.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from isthmus.xds.resources import Names, Subscriber

if TYPE_CHECKING:
    from isthmus.xds.stream import AdsStream


class Connections:
    """Streams by subscriber; a subscriber may stand for several with the same view.

    A change that concerns a thousand streams wakes ``batch`` of them per turn of the event loop, so that requests,
    informers and health checks are served in between.
    """

    def __init__(self, batch: int) -> None:
        self._batch = batch
        self._streams: dict[Subscriber, dict[AdsStream, None]] = {}
        self._due: dict[AdsStream, None] = {}  # to be woken, first come first served

    def __len__(self) -> int:
        return sum(len(streams) for streams in self._streams.values())

    def __iter__(self) -> Iterator[AdsStream]:
        for streams in tuple(self._streams.values()):
            yield from tuple(streams)

    def add(self, stream: AdsStream, subscriber: Subscriber) -> None:
        """From now on the subscriber's changes go to this stream, too."""
        self._streams.setdefault(subscriber, {})[stream] = None

    def remove(self, stream: AdsStream, subscriber: Subscriber) -> None:
        """The stream ended."""
        streams = self._streams.get(subscriber, {})
        streams.pop(stream, None)
        if not streams:
            self._streams.pop(subscriber, None)

    def changed(self, subscriber: Subscriber, changes: Mapping[str, Names]) -> None:
        """Resources of this subscriber may have changed: names per type URL, or ``ALL``."""
        for stream in self._streams.get(subscriber, ()):
            if stream.touch(changes):
                if not self._due:
                    asyncio.get_running_loop().call_soon(self._pump)
                self._due[stream] = None

    def _pump(self) -> None:
        batch = tuple(islice(self._due, self._batch))
        for stream in batch:
            del self._due[stream]
        for stream, message in [(stream, stream.compose()) for stream in batch]:
            if message is not None:
                stream.send(message)
        if self._due:
            asyncio.get_running_loop().call_soon(self._pump)
