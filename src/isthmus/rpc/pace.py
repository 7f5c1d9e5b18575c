"""How fast one client may make the server work: it is slowed down rather than refused.

Pure: the caller brings the time. Does not know what the work is.
"""

from __future__ import annotations

from collections import OrderedDict

import msgspec


class Pace(msgspec.Struct, frozen=True):
    """``burst`` units of work at once, then ``rate`` units a second."""

    rate: float
    burst: float


class Pacer:
    """One client's use of its pace; ``now`` is in seconds of a clock that never goes back."""

    __slots__ = ("_at", "_left", "_pace")

    def __init__(self, pace: Pace, now: float) -> None:
        self._pace = pace
        self._left = pace.burst
        self._at = now

    def spend(self, units: float, now: float) -> float:
        """Notes work that is done; the seconds that the client has to wait before the next."""
        self._left = self._refilled(now) - units
        self._at = now
        return max(0.0, -self._left / self._pace.rate)

    def affords(self, units: float, now: float) -> bool:
        """Notes work that need not wait; nothing is noted, and the answer is no, when it would have to."""
        left = self._refilled(now) - units
        if left < 0:
            return False
        self._left, self._at = left, now
        return True

    def owes(self, now: float) -> float:
        """The seconds that it would have to wait now."""
        return max(0.0, -self._refilled(now) / self._pace.rate)

    def _refilled(self, now: float) -> float:
        return min(self._pace.burst, self._left + (now - self._at) * self._pace.rate)


class Pacers:
    """Pacers by key, of the ``most`` keys that were used last."""

    def __init__(self, pace: Pace, most: int = 10_000) -> None:
        self._pace = pace
        self._most = most
        self._known: OrderedDict[object, Pacer] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def spend(self, key: object, longest: float, now: float) -> float | None:
        """One unit of this key: the seconds to wait before it; None, and nothing is spent, beyond ``longest``."""
        pacer = self._known.get(key)
        if pacer is None:
            pacer = self._known[key] = Pacer(self._pace, now)
            if len(self._known) > self._most:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return None if pacer.owes(now) > longest else pacer.spend(1, now)
