"""Protobuf's wire format: tags, variable-length integers and length-delimited fields.

Knows: the encoding (https://protobuf.dev/programming-guides/encoding/). Does not know any message.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

VARINT, FIXED64, LENGTH_DELIMITED, FIXED32 = 0, 1, 2, 5
_MASK_64 = (1 << 64) - 1


class WireError(ValueError):
    """The bytes are not a protobuf message."""


def varint(value: int) -> bytes:
    """A base-128 integer; negative values in 64-bit two's complement."""
    value &= _MASK_64
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def message(number: int, payload: bytes) -> bytes:
    """A length-delimited field, written even when it is empty."""
    return varint(number << 3 | LENGTH_DELIMITED) + varint(len(payload)) + payload


def data(number: int, payload: bytes) -> bytes:
    """A bytes field; nothing when empty, as proto3 has it."""
    return message(number, payload) if payload else b""


def text(number: int, value: str) -> bytes:
    """A string field; nothing when empty."""
    return data(number, value.encode())


def texts(number: int, values: Iterable[str]) -> bytes:
    """A repeated string field."""
    return b"".join(message(number, value.encode()) for value in values)


def integer(number: int, value: int) -> bytes:
    """A varint field; nothing when zero."""
    return varint(number << 3 | VARINT) + varint(value) if value else b""


def read_varint(encoded: bytes, offset: int) -> tuple[int, int]:
    """The integer at an offset and the offset after it."""
    result = shift = 0
    while offset < len(encoded) and shift < 70:
        byte = encoded[offset]
        offset += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result & _MASK_64, offset
        shift += 7
    raise WireError(f"unterminated integer at byte {offset}")


def fields(encoded: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field numbers and values in order; fixed-width values as their raw bytes."""
    offset = 0
    while offset < len(encoded):
        tag, offset = read_varint(encoded, offset)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, offset = read_varint(encoded, offset)
            yield number, value
            continue
        length, offset = _length(encoded, kind, offset)
        if offset + length > len(encoded):
            raise WireError(f"field {number} ends after the message")
        yield number, encoded[offset : offset + length]
        offset += length


def _length(encoded: bytes, kind: int, offset: int) -> tuple[int, int]:
    if kind == LENGTH_DELIMITED:
        return read_varint(encoded, offset)
    if kind == FIXED64:
        return 8, offset
    if kind == FIXED32:
        return 4, offset
    raise WireError(f"unknown wire type {kind}")


def grouped(encoded: bytes) -> dict[int, list[int | bytes]]:
    """All values of each field, in order."""
    result: dict[int, list[int | bytes]] = {}
    for number, value in fields(encoded):
        result.setdefault(number, []).append(value)
    return result


def last_text(groups: dict[int, list[int | bytes]], number: int) -> str:
    """The string of a singular field, empty when absent; the last one wins."""
    return _as_text(groups[number][-1]) if number in groups else ""


def all_texts(groups: dict[int, list[int | bytes]], number: int) -> tuple[str, ...]:
    """The strings of a repeated field."""
    return tuple(_as_text(value) for value in groups.get(number, ()))


def all_messages(groups: dict[int, list[int | bytes]], number: int) -> tuple[bytes, ...]:
    """The encoded messages (or bytes values) of a repeated field."""
    return tuple(_as_bytes(value) for value in groups.get(number, ()))


def last_message(groups: dict[int, list[int | bytes]], number: int) -> bytes:
    """The bytes of a singular field, empty when absent."""
    return _as_bytes(groups[number][-1]) if number in groups else b""


def last_integer(groups: dict[int, list[int | bytes]], number: int) -> int:
    """The integer of a singular field, 0 when absent."""
    value = groups[number][-1] if number in groups else 0
    if isinstance(value, bytes):
        raise WireError(f"field {number} is not an integer")
    return value


def _as_bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise WireError("an integer stands where bytes belong")
    return value


def _as_text(value: int | bytes) -> str:
    try:
        return _as_bytes(value).decode()
    except UnicodeDecodeError as error:
        raise WireError("a string field is not UTF-8") from error
