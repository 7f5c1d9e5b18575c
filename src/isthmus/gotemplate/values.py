"""What a template may see: maps, lists, scalars and records with a fixed set of names.

Knows Go's notions of kind, truth and "no value", mapped to Python's types:
`None` is a nil interface, `MISSING` is Go's invalid value (a key that is not there), `int` is Go's int,
`float` its float64, a mapping is `map[string]interface{}`, a list or tuple is `[]interface{}`.
Does not know the template language. Attributes of Python objects are never looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final


class _Missing:
    """The type of `MISSING`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()


@dataclass(frozen=True, slots=True)
class Record:
    """A Go struct as templates see one: named fields, and methods that take arguments."""

    type_name: str
    fields: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    methods: Mapping[str, Callable[..., Any]] = field(default_factory=lambda: MappingProxyType({}))
    text: str = ""

    def __str__(self) -> str:
        return self.text or "{" + " ".join(str(value) for value in self.fields.values()) + "}"


class MethodMap(dict[str, Any]):
    """A Go map type with methods, such as Helm's `.Files`: entries come first in a range, methods in a field."""

    __slots__ = ("methods",)

    def __init__(self, entries: Mapping[str, Any], methods: Mapping[str, Callable[..., Any]]) -> None:
        super().__init__(entries)
        self.methods = methods


class MethodList(list[Any]):
    """A Go slice type with methods, such as Helm's `.Capabilities.APIVersions`."""

    __slots__ = ("methods",)

    def __init__(self, elements: Iterable[Any], methods: Mapping[str, Callable[..., Any]]) -> None:
        super().__init__(elements)
        self.methods = methods


def is_nil(value: Any) -> bool:
    """Report whether `value` is a nil interface or no value at all."""
    return value is None or value is MISSING


def is_list(value: Any) -> bool:
    """Report whether `value` is a slice; text and bytes are not."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray)


def is_number(value: Any) -> bool:
    """Report whether `value` is a Go int or float64; a bool is neither."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def truth(value: Any) -> bool:
    """Go's truth: the zero value of every kind and everything empty is false; a struct is true."""
    if isinstance(value, Record):
        return True
    return bool(value)


def kind_name(value: Any) -> str:
    """The reflect.Kind of `value`, as sprig's kindOf words it."""
    type_names = (
        (bool, "bool"),
        (str, "string"),
        (int, "int"),
        (float, "float64"),
        (Mapping, "map"),
        (Record, "struct"),
    )
    for python_type, name in type_names:
        if isinstance(value, python_type):
            return name
    if is_nil(value):
        return "invalid"
    return "slice" if is_list(value) or isinstance(value, bytes) else "func"


def type_name(value: Any) -> str:
    """The Go type of `value`, as `%T` and error messages word it."""
    kind = kind_name(value)
    if isinstance(value, Record):
        return value.type_name
    if isinstance(value, bytes):
        return "[]uint8"
    spelled = {"map": "map[string]interface {}", "slice": "[]interface {}", "invalid": "<nil>"}
    return spelled.get(kind, kind)


def deep_copied(value: Any) -> Any:
    """A copy that shares no map or list; records cannot be changed and are shared."""
    if isinstance(value, Mapping):
        return {key: deep_copied(entry) for key, entry in value.items()}
    return [deep_copied(entry) for entry in value] if is_list(value) else value


def sorted_items(mapping: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    """The entries of a map in the order in which Go's templates range over it."""
    try:
        return sorted(mapping.items(), key=lambda item: item[0])
    except TypeError:
        return sorted(mapping.items(), key=lambda item: str(item[0]))
