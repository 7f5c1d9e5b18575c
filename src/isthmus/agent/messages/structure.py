"""``google.protobuf.Struct``: JSON as a protobuf message. Knows the encoding, not what the JSON means."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from isthmus.agent.messages import wire


def encode_struct(fields: Mapping[str, Any]) -> bytes:
    """The Struct of a JSON object; TypeError for a value that JSON does not have."""
    return b"".join(
        wire.message(1, wire.text(1, key) + wire.message(2, _value(value))) for key, value in fields.items()
    )


def _value(value: Any) -> bytes:
    match value:
        case None:
            return wire.varint(1 << 3) + b"\0"
        case bool():
            return wire.varint(4 << 3) + (b"\1" if value else b"\0")
        case int() | float():
            return wire.varint(2 << 3 | wire.FIXED64) + struct.pack("<d", value)
        case str():
            return wire.message(3, value.encode())
        case Mapping():
            return wire.message(5, encode_struct(value))
        case list() | tuple():
            return wire.message(6, b"".join(wire.message(1, _value(item)) for item in value))
    raise TypeError(f"{type(value).__name__} has no form in a Struct")
