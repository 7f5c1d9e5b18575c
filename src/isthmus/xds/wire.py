"""The few protobuf encodings that discovery responses consist of, written as bytes.

Knows field numbers of ``envoy.service.discovery.v3`` messages. Does not know what is inside a resource.

A push to a thousand proxies differs in a few bytes of nonce only: building a protobuf object for each would
copy and re-encode every resource. Length-delimited fields can simply be appended (protobuf encoding, "Message
Structure") and their order is free: a resource's serialised message stands last in its entry, so that an entry is
a short head and the shared bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

_LENGTH_DELIMITED = 2
_HEADS = 32_768  # memoised heads, about 250 bytes each: the resources of a large mesh


def varint(value: int) -> bytes:
    """Base-128 encoding of a non-negative integer."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def prefix(number: int, size: int) -> bytes:
    """Tag and length of a length-delimited field whose content has this size."""
    return varint(number << 3 | _LENGTH_DELIMITED) + varint(size)


def text(number: int, content: str) -> bytes:
    """A string field; nothing when empty, as proto3 has it."""
    encoded = content.encode()
    return prefix(number, len(encoded)) + encoded if encoded else b""


@lru_cache(maxsize=_HEADS)
def delta_head(type_url: str, name: str, version: str, size: int) -> bytes:
    """All of a ``resources`` field of a ``DeltaDiscoveryResponse`` that precedes a body of this size."""
    inner = text(1, version) + text(3, name) + _any_field(type_url, size)
    return prefix(2, len(inner) + size) + inner


@lru_cache(maxsize=_HEADS)
def sotw_head(type_url: str, size: int) -> bytes:
    """All of a ``resources`` field of a ``DiscoveryResponse`` that precedes a body of this size."""
    return _any_field(type_url, size)


def delta_response(
    envelope: tuple[str, str, str], entries: Iterable[bytes], removed: Iterable[str], trailer: bytes
) -> bytes:
    """A ``DeltaDiscoveryResponse``.

    ``envelope`` is type URL, nonce and system version; ``entries`` are heads and bodies in turn; ``trailer`` is
    appended as it is.
    """
    type_url, nonce, version = envelope
    gone = (text(6, name) for name in removed)
    return b"".join((text(1, version), text(4, type_url), text(5, nonce), *entries, *gone, trailer))


def sotw_response(envelope: tuple[str, str, str], entries: Iterable[bytes], trailer: bytes) -> bytes:
    """A ``DiscoveryResponse``; as above, the version being that of the type."""
    type_url, nonce, version = envelope
    return b"".join((text(1, version), text(4, type_url), text(5, nonce), *entries, trailer))


def _any_field(type_url: str, size: int) -> bytes:
    """Field 2 of either message, an Any, up to its value."""
    url = text(1, type_url)
    before = url + prefix(2, size) if size else url
    return prefix(2, len(before) + size) + before
