"""Sprig's questions about types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from isthmus.gotemplate.values import kind_name, type_name


def type_is(name: str, value: Any) -> bool:
    """Report whether the Go type is `name`."""
    return type_name(value) == name


def type_is_like(name: str, value: Any) -> bool:
    """As `typeIs`, pointers included."""
    return type_name(value) in (name, f"*{name}")


def kind_is(name: str, value: Any) -> bool:
    """Report whether the kind is `name`."""
    return kind_name(value) == name


def deep_equal(first: Any, second: Any) -> bool:
    """reflect.DeepEqual: types count."""
    if type_name(first) != type_name(second):
        return False
    if isinstance(first, Mapping):
        return first.keys() == second.keys() and all(deep_equal(first[key], second[key]) for key in first)
    if kind_name(first) == "slice":
        return len(first) == len(second) and all(map(deep_equal, first, second))
    return bool(first == second)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "typeOf": type_name,
    "typeIs": type_is,
    "typeIsLike": type_is_like,
    "kindOf": kind_name,
    "kindIs": kind_is,
    "deepEqual": deep_equal,
}
