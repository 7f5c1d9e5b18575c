"""Envoy's JSON under the names that protobuf JSON prefers.

Envoy prints fields as they are spelt in its API (``filter_chains``); ``istioctl -o json`` prints
``filterChains``, and scripts rely on it. The message types say which keys are field names: keys of maps and of
free-form structures stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from isthmus.protos import pool

_FREE_FORM = frozenset({"google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.ListValue"})
_ANY = "google.protobuf.Any"


def camel_names(value: Any, message: str) -> Any:
    """The JSON of a message of this full name with camel-case field names.

    What is inside an ``Any`` of a type that is not compiled in stays as it is.
    """
    return _message(value, pool().FindMessageTypeByName(message))


def _message(value: Any, descriptor: Descriptor) -> Any:
    if not isinstance(value, Mapping) or descriptor.full_name in _FREE_FORM:
        return value
    if descriptor.full_name == _ANY:
        return _any(value)
    fields = descriptor.fields_by_name
    return {
        (fields[key].json_name if key in fields else key): (_field(item, fields[key]) if key in fields else item)
        for key, item in value.items()
    }


def _any(value: Mapping[str, Any]) -> Any:
    name = str(value.get("@type", "")).rpartition("/")[2]
    try:
        descriptor = pool().FindMessageTypeByName(name)
    except KeyError:
        return value
    return {"@type": value["@type"], **_message({key: value[key] for key in value if key != "@type"}, descriptor)}


def _field(value: Any, field: FieldDescriptor) -> Any:
    inner = field.message_type
    if inner is None:
        return value
    if inner.GetOptions().map_entry:
        of_value = inner.fields_by_name["value"]
        return {key: _field(item, of_value) for key, item in value.items()}
    if isinstance(value, list):
        return [_message(item, inner) for item in value]
    return _message(value, inner)
