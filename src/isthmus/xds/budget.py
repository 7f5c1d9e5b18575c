"""How much one stream may make the server remember.

Counting every name whenever one comes or goes would cost more than the names. What a client sent is an upper bound
of what is kept of it, so there is nothing to count until that bound is passed, and then again only after as much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from isthmus.rpc.refusal import Code, Refused


class Budget:
    """``limit`` bytes of names and versions, each name counting some bytes more than its text."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bound = 0

    def take(self, size: int, kept: Callable[[], int]) -> None:
        """Notes a request of this size; ``kept`` counts what is kept. ``Refused`` when that is too much."""
        self._bound += size
        if self._bound <= self._limit:
            return
        self._bound = kept()
        if self._bound > self._limit // 2:  # so that the next count is far away
            raise Refused(
                Code.RESOURCE_EXHAUSTED,
                f"names that this stream asked for take {self._bound} bytes, the limit is {self._limit // 2}",
            )


def size_of(names: Iterable[str]) -> int:
    """Bytes that a set of names, or a mapping by name to short texts, takes, about."""
    return sum(len(name) + _ENTRY for name in names)


_ENTRY = 120
