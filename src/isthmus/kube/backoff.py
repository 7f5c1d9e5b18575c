"""How long to wait before trying again.

Knows: exponential growth with jitter. Reads no clock and no randomness of its own.
"""

from __future__ import annotations

from collections.abc import Callable


class Backoff:
    """Delays in seconds that grow by ``factor`` from ``first`` to ``longest``.

    Each is drawn evenly from the upper half of its range, so that clients which failed together do not
    come back together. ``draw`` gives numbers in [0, 1).
    """

    def __init__(
        self, draw: Callable[[], float], *, first: float = 0.05, longest: float = 10.0, factor: float = 2.0
    ) -> None:
        self._draw = draw
        self._first = first
        self._longest = longest
        self._factor = factor
        self._next = first

    def next(self, at_least: float | None = None) -> float:
        """The next delay; ``at_least`` is what the server asked for (``Retry-After``)."""
        span = self._next
        self._next = min(self._next * self._factor, self._longest)
        return max(span * (0.5 + 0.5 * self._draw()), at_least or 0.0)

    def reset(self) -> None:
        """Starts over, after something worked."""
        self._next = self._first
