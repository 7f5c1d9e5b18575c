"""Durations as Go and protobuf JSON write them: ``1h30m``, ``100ms``, ``5s``. Knows the syntax only."""

from __future__ import annotations

import re

_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(duration: str) -> float:
    """The duration in seconds; ValueError when it is not one."""
    text = duration.strip()
    sign = -1.0 if text.startswith("-") else 1.0
    text = text.lstrip("+-")
    if text == "0":
        return 0.0
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{duration!r} is not a duration such as 5s, 100ms or 1h30m")
    return sign * sum(float(number) * _SECONDS[unit] for number, unit in parts)
