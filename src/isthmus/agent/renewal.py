"""When to renew a certificate and when to try again. Pure arithmetic: randomness and time come from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from isthmus.agent.validity import Validity

_SHORTEST_DELAY = 1.0  # seconds; a clock far off must not turn renewal into a flood

Random = Callable[[], float]  # uniform in [0, 1)


def renewal_delay(validity: Validity, now: float, grace_ratio: float, jitter: float) -> float:
    """Seconds until the remaining share of the lifetime falls to ``grace_ratio`` plus ``jitter``."""
    lifetime = validity.not_after - validity.not_before
    due = validity.not_after - lifetime * min(1.0, max(0.0, grace_ratio + jitter))
    return max(_SHORTEST_DELAY, due - now)


def retry_delays(first: float, longest: float, random: Random) -> Iterator[float]:
    """Doubling delays in seconds, each spread over its upper half so that pods do not return in step."""
    delay = first
    while True:
        yield delay * (0.5 + random() / 2)
        delay = min(longest, delay * 2)
