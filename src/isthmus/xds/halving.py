"""One bad resource must not keep the good ones of its response from the client.

Envoy rejects a response as a whole, or stops in the middle of it, and names no resource. That goes for every type:
of clusters and listeners it applies the good ones when one cannot be set up, but none when one cannot even be
decoded or breaks a rule of its message. So what was in the response is sent again in halves, until the bad one is
alone; removals, which were not applied either, are said again with them. What Envoy has already is no change to it.
A resource that was rejected alone is not sent again before it changes. A virtual host is: its domains may have
been another one's, so it is tried again when the client took others, and together with others that were rejected.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from isthmus.xds.order import VIRTUAL_HOST

_CLASHING = frozenset({VIRTUAL_HOST})
"""Types of which one resource may be right or wrong depending on others."""

_IN_FLIGHT = 32  # responses whose content is remembered until they are answered


class Halving:
    """What of one stream has to be sent again, in which portions."""

    def __init__(self) -> None:
        self._in_flight: dict[str, tuple[str, tuple[str, ...]]] = {}  # nonce → type and names, oldest first
        self._again: deque[tuple[str, frozenset[str]]] = deque()
        self._refused: dict[str, set[str]] = {type_url: set() for type_url in _CLASHING}  # rejected alone

    @property
    def pending(self) -> bool:
        """Whether there is something to send again."""
        return bool(self._again)

    def sent(self, nonce: str, type_url: str, names: Sequence[str]) -> None:
        """A response went out with these names, removed ones among them; one alone cannot be split."""
        if len(names) > 1 or type_url in _CLASHING:
            self._in_flight[nonce] = (type_url, tuple(sorted(names)))
            if len(self._in_flight) > _IN_FLIGHT:
                del self._in_flight[next(iter(self._in_flight))]

    def answered(self, nonce: str, *, rejected: bool) -> None:
        """The client took a response, or rejected it."""
        type_url, names = self._in_flight.pop(nonce, ("", ()))
        if rejected and len(names) > 1:
            middle = len(names) // 2
            self._again.append((type_url, frozenset(names[:middle])))
            self._again.append((type_url, frozenset(names[middle:])))
        elif type_url in _CLASHING:
            self._note(type_url, names, rejected=rejected)

    def _note(self, type_url: str, names: tuple[str, ...], *, rejected: bool) -> None:
        refused = self._refused[type_url]
        more = not refused.issuperset(names)
        if rejected:
            refused.update(names)
        else:
            refused.difference_update(names)
        if (refused and not rejected) or (len(refused) > 1 and more):
            self._again.append((type_url, frozenset(refused)))

    def take(self) -> tuple[str, frozenset[str]] | None:
        """The next portion: a type and names."""
        return self._again.popleft() if self._again else None
