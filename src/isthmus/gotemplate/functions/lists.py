"""Sprig's functions on lists; every `must…` form is the same function, which raises on bad input."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from isthmus.gotemplate.errors import FunctionError
from isthmus.gotemplate.functions.defaults import is_empty
from isthmus.gotemplate.functions.numbers import to_int
from isthmus.gotemplate.values import is_list, type_name


def _elements(value: Any, verb: str) -> Sequence[Any]:
    if not is_list(value):
        raise FunctionError(f"Cannot find {verb} on type {type_name(value)}")
    return value  # type: ignore[no-any-return]  # is_list says what it is


def make_list(*values: Any) -> list[Any]:
    """The arguments."""
    return list(values)


def first(value: Any) -> Any:
    """The first element, or nil."""
    elements = _elements(value, "first")
    return elements[0] if elements else None


def rest(value: Any) -> list[Any]:
    """All but the first."""
    return list(_elements(value, "rest")[1:])


def last(value: Any) -> Any:
    """The last element, or nil."""
    elements = _elements(value, "last")
    return elements[-1] if elements else None


def initial(value: Any) -> list[Any]:
    """All but the last."""
    return list(_elements(value, "initial")[:-1])


def append(value: Any, element: Any) -> list[Any]:
    """With `element` at the end."""
    return [*_elements(value, "push"), element]


def prepend(value: Any, element: Any) -> list[Any]:
    """With `element` at the start."""
    return [element, *_elements(value, "prepend")]


def concat(*values: Any) -> list[Any]:
    """All lists in one."""
    return [element for value in values for element in _elements(value, "concat")]


def reverse(value: Any) -> list[Any]:
    """Last first."""
    return list(reversed(_elements(value, "reverse")))


def unique(value: Any) -> list[Any]:
    """Without repetitions, in order of first occurrence."""
    found: list[Any] = []
    for element in _elements(value, "uniq"):
        if not has(element, found):
            found.append(element)
    return found


def without(value: Any, *dropped: Any) -> list[Any]:
    """Without the elements given."""
    return [element for element in _elements(value, "without") if not has(element, dropped)]


def has(wanted: Any, value: Any) -> bool:
    """Report whether `wanted` is an element; kinds count, so 1 and true differ."""
    if value is None:
        return False
    return any(type_name(wanted) == type_name(e) and wanted == e for e in _elements(value, "has"))


def compact(value: Any) -> list[Any]:
    """Without empty elements."""
    return [element for element in _elements(value, "compact") if not is_empty(element)]


def cut(value: Any, *bounds: Any) -> list[Any]:
    """Sprig's `slice`, which hides Go's own: elements from the first bound to below the second."""
    if not is_list(value):
        raise FunctionError(f"list should be type of slice or array but {type_name(value)}")
    start = to_int(bounds[0]) if bounds else 0
    end = to_int(bounds[1]) if len(bounds) > 1 else len(value)
    if not 0 <= start <= end <= len(value):
        raise FunctionError(f"slice bounds out of range [{start}:{end}] with length {len(value)}")
    return list(value[start:end])


def chunk(size: int, value: Any) -> list[list[Any]]:
    """Lists of at most `size` elements."""
    elements = _elements(value, "chunk")
    return [list(elements[start : start + size]) for start in range(0, len(elements), size)]


_NAMED: Mapping[str, Callable[..., Any]] = {
    "First": first,
    "Rest": rest,
    "Last": last,
    "Initial": initial,
    "Append": append,
    "Push": append,
    "Prepend": prepend,
    "Reverse": reverse,
    "Uniq": unique,
    "Without": without,
    "Has": has,
    "Compact": compact,
    "Chunk": chunk,
    "Slice": cut,
}

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "list": make_list,
    "tuple": make_list,
    "concat": concat,
    **{name.lower(): call for name, call in _NAMED.items()},
    **{f"must{name}": call for name, call in _NAMED.items()},
}
