"""Structural schemas (Kubernetes' subset of OpenAPI v3) from wire forms.

Knows how types, limits, docstrings and ``oneof`` groups of wire records are written in a schema. A record's
docstring is its description; lines ``name: text`` in it describe its fields. Does not know any kind.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import inspect

from isthmus.api.wire import Wire

Schema = dict[str, Any]

_FIELD_DOC = re.compile(r"^([A-Za-z0-9_]+): (.+)$")
_LIMITS = {
    "ge": "minimum",
    "le": "maximum",
    "min_length": "minLength",
    "max_length": "maxLength",
    "pattern": "pattern",
}


def schema_of(record: type[Wire]) -> Schema:
    """The schema of a record and all that it contains. Records must not contain themselves."""
    return _of(inspect.type_info(record))


def field_docs(record: type[msgspec.Struct]) -> dict[str, str]:
    """Descriptions of fields, by wire name."""
    lines = (record.__doc__ or "").splitlines()
    return {match[1]: match[2] for line in lines if (match := _FIELD_DOC.match(line.strip()))}


def _of(kind: inspect.Type) -> Schema:  # one case per type that wire forms use
    match kind:
        case inspect.Metadata():
            return {**_of(kind.type), **(kind.extra_json_schema or {})}
        case inspect.UnionType():
            return _union(kind)
        case inspect.StructType():
            return _record(kind)
        case inspect.VarTupleType():
            return {"type": "array", "items": _of(kind.item_type), **_items_limit(kind)}
        case inspect.DictType():
            return _mapping(kind)
        case inspect.LiteralType():
            return {"type": "string", "enum": sorted(str(value) for value in kind.values)}
        case inspect.StrType():
            return {"type": "string", **_limits(kind)}
        case inspect.BoolType():
            return {"type": "boolean"}
        case inspect.IntType():
            return {"type": "integer", **_limits(kind)}
        case inspect.FloatType():
            return {"type": "number", "format": "double", **_limits(kind)}
    raise TypeError(f"no structural schema for {kind!r}")


def _limits(kind: inspect.Type) -> Schema:
    found = ((word, getattr(kind, name, None)) for name, word in _LIMITS.items())
    return {word: value for word, value in found if value is not None}


def _items_limit(kind: inspect.VarTupleType) -> Schema:
    found = (("minItems", kind.min_length), ("maxItems", kind.max_length))
    return {word: value for word, value in found if value is not None}


def _union(kind: inspect.UnionType) -> Schema:
    types = [member for member in kind.types if not isinstance(member, inspect.NoneType)]
    if len(types) != 1:
        raise TypeError(f"no structural schema for a choice of types: {types!r}")
    return _of(types[0])


def _mapping(kind: inspect.DictType) -> Schema:
    if isinstance(kind.value_type, inspect.AnyType):
        return {"type": "object"}  # free-form: the annotation adds preserve-unknown-fields
    return {"type": "object", "additionalProperties": _of(kind.value_type)}


def _record(kind: inspect.StructType) -> Schema:
    docs = field_docs(kind.cls)
    properties = {entry.encode_name: _described(_of(entry.type), docs.get(entry.encode_name)) for entry in kind.fields}
    required = [entry.encode_name for entry in kind.fields if entry.required]
    schema: Schema = {"type": "object", "description": _summary(kind.cls), "properties": properties}
    if required:
        schema["required"] = required
    schema.update(_groups(kind.cls))
    return schema


def _described(schema: Schema, text: str | None) -> Schema:
    """A field's own description; that of a scalar type (its form) is added to it."""
    if text is None:
        return schema
    form = schema.get("description") if "pattern" in schema else None
    return {**schema, "description": f"{text} {form}" if form else text}


def _summary(record: type[msgspec.Struct]) -> str:
    return (record.__doc__ or "").strip().splitlines()[0]


def _groups(record: type[Any]) -> Schema:
    rules = [_one_of(group, optional=True) for group in record.at_most_one]
    rules += [_one_of(group, optional=False) for group in record.exactly_one]
    if len(rules) <= 1:
        return rules[0] if rules else {}
    return {"allOf": rules}


def _one_of(group: tuple[str, ...], *, optional: bool) -> Schema:
    present = [{"required": [name]} for name in group]
    absent = [{"not": {"anyOf": present}}] if optional else []
    return {"oneOf": [*absent, *present]}
