"""Durations as Istio and Go write them: ``300ms``, ``10s``, ``1h30m``, ``-1.5s``, ``0``."""

from __future__ import annotations

import re
from functools import lru_cache

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)")


@lru_cache(maxsize=1024)
def seconds(text: str) -> float:
    """The duration in seconds. ``ValueError`` when malformed (the grammar of Go's ``time.ParseDuration``)."""
    negative = text.startswith("-")
    # A pattern's `$` lets one final line end pass in Python, so wire forms may hold one.
    body = text.removeprefix("-").removesuffix("\n")
    if body == "0":
        return 0.0
    total, position = 0.0, 0
    while part := _PART.match(body, position):
        total += float(part[1]) * _UNITS[part[2]]
        position = part.end()
    if not body or position != len(body):
        raise ValueError(f"malformed duration {text!r}: write a number and a unit, such as 500ms, 10s or 1h30m")
    # Go keeps whole nanoseconds; rounding hides binary noise of the sum.
    return round(-total if negative else total, 9)


def optional_seconds(text: str | None) -> float | None:
    """Like ``seconds``, with ``None`` for a field that is not set."""
    return None if text is None else seconds(text)
