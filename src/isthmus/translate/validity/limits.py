"""Numbers and durations within what Envoy takes; its API refuses a whole message for one that is outside."""

from __future__ import annotations

from isthmus.api.duration import seconds
from isthmus.translate.validity.notes import Notes


def positive(text: str | None, notes: Notes) -> str | None:
    """A duration above zero, else None with a problem."""
    if text is None or seconds(text) > 0:
        return text
    notes.error(f"the default is used instead: {text} is not above 0")
    return None


def not_negative(text: str | None, notes: Notes) -> str | None:
    """A duration that is not below zero, else None with a problem."""
    if text is None or seconds(text) >= 0:
        return text
    notes.error(f"the default is used instead: {text} is below 0")
    return None


def share(value: int, notes: Notes) -> int:
    """A number from 0 to 100, else 0 with a problem; 0 stands for the default."""
    if 0 <= value <= 100:
        return value
    notes.error(f"the default is used instead: {value} is not from 0 to 100")
    return 0
