"""Sprig's functions about emptiness and choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from isthmus.gotemplate.values import Record, deep_copied, truth


def is_empty(value: Any) -> bool:
    """Sprig's empty: the zero value of its kind; a struct never is."""
    return not isinstance(value, Record) and not truth(value)


def default(fallback: Any, *given: Any) -> Any:
    """`given` unless it is empty or absent."""
    return fallback if not given or is_empty(given[0]) else given[0]


def coalesce(*values: Any) -> Any:
    """The first that is not empty."""
    return next((value for value in values if not is_empty(value)), None)


def every(*values: Any) -> bool:
    """Report whether none is empty."""
    return not any(is_empty(value) for value in values)


def some(*values: Any) -> bool:
    """Report whether any is not empty."""
    return any(not is_empty(value) for value in values)


def ternary(when_true: Any, when_false: Any, condition: bool) -> Any:
    """One of two values."""
    return when_true if condition else when_false


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "default": default,
    "empty": is_empty,
    "coalesce": coalesce,
    "all": every,
    "any": some,
    "ternary": ternary,
    "deepCopy": deep_copied,
    "mustDeepCopy": deep_copied,
}
