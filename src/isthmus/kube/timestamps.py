"""Times as Kubernetes' API writes them: RFC 3339 in UTC, with whole seconds or microseconds.

Knows: both spellings (``metav1.Time``, ``metav1.MicroTime``). Reads no clock.
"""

from __future__ import annotations

from datetime import UTC, datetime


def parse_time(text: str) -> float:
    """Seconds since the epoch of an RFC 3339 time; ``ValueError`` when it is none."""
    return datetime.fromisoformat(text).timestamp()


def format_micro_time(seconds: float) -> str:
    """A ``MicroTime``, which Leases use: ``2026-01-02T03:04:05.000006Z``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def format_time(seconds: float) -> str:
    """A ``Time`` with whole seconds: ``2026-01-02T03:04:05Z``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
