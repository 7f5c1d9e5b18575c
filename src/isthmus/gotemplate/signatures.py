"""Template functions and the types of their arguments.

Knows which Go type a parameter stands for (from its Python annotation) and how Go words a mismatch.
Does not know what functions there are.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from isthmus.gotemplate.errors import FunctionError
from isthmus.gotemplate.values import MISSING, is_list, type_name

_GO_TYPES = {
    "str": "string",
    "int": "int",
    "float": "float64",
    "bool": "bool",
    "Mapping": "map[string]interface {}",
    "dict": "map[string]interface {}",
    "Sequence": "[]interface {}",
    "list": "[]interface {}",
}
_NILABLE: Mapping[str, Callable[[], Any]] = {"map[string]interface {}": dict, "[]interface {}": list}


@dataclass(frozen=True, slots=True)
class Function:
    """A callable with the Go types of its parameters; `rest` is the type of a variadic one."""

    name: str
    call: Callable[..., Any]
    parameters: tuple[str, ...]
    rest: str | None

    def check_count(self, count: int) -> None:
        """Raise FunctionError unless `count` arguments may be given."""
        wanted = len(self.parameters)
        if self.rest is None and count != wanted:
            raise FunctionError(f"wrong number of args for {self.name}: want {wanted} got {count}")
        if count < wanted:
            raise FunctionError(f"wrong number of args for {self.name}: want at least {wanted} got {count}")

    def type_of(self, index: int) -> str:
        """The Go type of the argument at `index`."""
        if index < len(self.parameters):
            return self.parameters[index]
        return self.rest or "interface {}"


def function(name: str, call: Callable[..., Any]) -> Function:
    """Describe `call`: unannotated parameters take anything."""
    parameters = []
    rest = None
    for parameter in inspect.signature(call).parameters.values():
        go_type = _go_type(parameter.annotation)
        if parameter.kind is parameter.VAR_POSITIONAL:
            rest = go_type
        elif parameter.kind is not parameter.KEYWORD_ONLY:
            parameters.append(go_type)
    return Function(name, call, tuple(parameters), rest)


def _go_type(annotation: Any) -> str:
    name = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    return _GO_TYPES.get(name.partition("[")[0], "interface {}")


def checked(value: Any, go_type: str) -> Any:
    """Return `value` as a parameter of `go_type` receives it.

    No value at all becomes nil, or an empty map or list; a nil interface is not a map.
    Raises FunctionError in Go's words.
    """
    if go_type == "interface {}":
        return None if value is MISSING else value
    if value is MISSING:
        if go_type in _NILABLE:
            return _NILABLE[go_type]()
        raise FunctionError(f"invalid value; expected {go_type}")
    if _assignable(value, go_type):
        return value
    found = "interface {}" if value is None else type_name(value)
    raise FunctionError(f"wrong type for value; expected {go_type}; got {found}")


def _assignable(value: Any, go_type: str) -> bool:
    match go_type:
        case "string":
            return isinstance(value, str)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "float64":
            return isinstance(value, float)
        case "bool":
            return isinstance(value, bool)
        case "map[string]interface {}":
            return isinstance(value, Mapping)
        case _:
            return is_list(value)
