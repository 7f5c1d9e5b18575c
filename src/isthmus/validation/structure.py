"""Checks a JSON value against a structural schema and reports every mistake, unknown fields included.

Knows the schema keywords that ``isthmus.api.schema`` writes. Does not know what fields mean.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from isthmus.api.config import Problem
from isthmus.api.schema import Schema

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
}
_WORDS = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a map"}


def mistakes(value: Any, schema: Schema, path: str) -> Iterator[Problem]:
    """Every place where ``value`` does not fit ``schema``; ``null`` counts as not written."""
    if value is None:
        return
    if not _is(value, schema["type"]):
        expected = _WORDS[_TYPES[schema["type"]][0]]
        yield Problem(path, f"expected {expected}, found {_WORDS.get(type(value), 'something else')}: {value!r}")
        return
    match value:
        case dict():
            yield from _in_map(value, schema, path)
        case list():
            yield from _in_list(value, schema, path)
        case str():
            yield from _in_text(value, schema, path)
        case int() | float():
            yield from _in_number(value, schema, path)


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES[name])


def _in_map(value: dict[Any, Any], schema: Schema, path: str) -> Iterator[Problem]:
    properties = schema.get("properties", {})
    entries = schema.get("additionalProperties")
    for name, entry in value.items():
        if name in properties:
            yield from mistakes(entry, properties[name], f"{path}.{name}")
        elif entries is not None:
            yield from mistakes(entry, entries, f"{path}[{name}]")
        elif not schema.get("x-kubernetes-preserve-unknown-fields"):
            yield Problem(f"{path}.{name}", f"unknown field {name!r}{_meant(str(name), properties)}")
    for name in schema.get("required", ()):
        if value.get(name) is None:
            yield Problem(f"{path}.{name}", "required, but not set")
    for rule in (*schema.get("allOf", ()), schema):
        yield from _in_choice(value, rule, path)


def _meant(name: str, properties: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, properties, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _in_choice(value: Mapping[str, Any], rule: Schema, path: str) -> Iterator[Problem]:
    names = [name for choice in rule.get("oneOf", ()) for name in choice.get("required", ())]
    if not names:
        return
    found = [name for name in names if value.get(name) is not None]
    listed = ", ".join(names)
    if len(found) > 1:
        yield Problem(path, f"only one of {listed} may be set, found {' and '.join(found)}")
    elif not found and not any("not" in choice for choice in rule["oneOf"]):
        yield Problem(path, f"one of {listed} must be set")


def _in_list(value: list[Any], schema: Schema, path: str) -> Iterator[Problem]:
    if len(value) > schema.get("maxItems", len(value)):
        yield Problem(path, f"at most {schema['maxItems']} entries, found {len(value)}")
    if len(value) < schema.get("minItems", 0):
        yield Problem(path, "must not be empty; leave it out")
    for index, entry in enumerate(value):
        if entry is None:
            yield Problem(f"{path}[{index}]", "an entry of a list must not be null")
        yield from mistakes(entry, schema["items"], f"{path}[{index}]")


def _in_text(value: str, schema: Schema, path: str) -> Iterator[Problem]:
    if value not in schema.get("enum", (value,)):
        yield Problem(path, f"{value!r} is not one of {', '.join(schema['enum'])}")
    if len(value) < schema.get("minLength", 0):
        yield Problem(path, "must not be empty")
    if len(value) > schema.get("maxLength", len(value)):
        yield Problem(path, f"at most {schema['maxLength']} characters, found {len(value)}")
    if not re.search(schema.get("pattern", ""), value):
        yield Problem(path, f"malformed value {value!r}: {schema.get('description', schema['pattern'])}")


def _in_number(value: float, schema: Schema, path: str) -> Iterator[Problem]:
    low, high = schema.get("minimum", value), schema.get("maximum", value)
    if not low <= value <= high:
        bounds = f"between {low} and {high}" if "minimum" in schema and "maximum" in schema else f"at least {low}"
        yield Problem(path, f"{value} is out of range: {bounds}")
