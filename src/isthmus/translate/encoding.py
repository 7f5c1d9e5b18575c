"""Messages to resources: serialising once, content versions, and joining parts that are serialised already.

A protobuf message is the concatenation of its fields, so a large resource can be assembled from the bytes of
its parts (https://protobuf.dev/programming-guides/encoding/): a change of one part costs that part and a copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

import msgspec

from isthmus.model.resource import Resource
from isthmus.protos import pb, type_url

Bundle = Mapping[str, Resource]
"""Resources of one type by name."""


class Part(msgspec.Struct, frozen=True):
    """A serialised piece of a resource, with the hash of its content."""

    body: bytes
    version: str


def serialise(message: Any) -> bytes:
    """A message's bytes; equal messages give equal bytes."""
    body: bytes = message.SerializeToString(deterministic=True)
    return body


def content_version(*parts: bytes) -> str:
    """A short hash: equal content, equal version."""
    digest = blake2b(digest_size=8)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def resource(name: str, message: Any) -> Resource:
    """A message as a resource of this name."""
    body = serialise(message)
    return Resource(name, type_url(message), body, content_version(body))


def bundle(messages: Iterable[Any]) -> Bundle:
    """Named messages as resources, by their own names."""
    return {message.name: resource(message.name, message) for message in messages}


def part(message: Any) -> Part:
    """A message as a piece of a larger one."""
    body = serialise(message)
    return Part(body, content_version(body))


def repeated(field: int, bodies: Iterable[bytes]) -> bytes:
    """A repeated message field of this number, from the bytes of its elements."""
    tag = varint(field << 3 | 2)
    return b"".join(piece for body in bodies for piece in (tag, varint(len(body)), body))


def varint(value: int) -> bytes:
    """A non-negative number in protobuf's variable length form."""
    if value < 0x80:
        return bytes((value,))
    result = bytearray()
    while value >= 0x80:
        result.append(value & 0x7F | 0x80)
        value >>= 7
    result.append(value)
    return bytes(result)


def struct(values: Mapping[str, Any]) -> Any:
    """A ``google.protobuf.Struct`` from strings, numbers, booleans, mappings and lists."""
    result = pb("google.protobuf.Struct")()
    result.update(values)
    return result
