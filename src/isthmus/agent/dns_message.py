"""DNS messages: questions read, answers with addresses written (RFC 1035, and RFC 6891 for larger answers).

Knows: the wire format as far as a resolver's front needs it. Does not know where answers come from:
whatever it does not understand is passed on to a real resolver as it is.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

A, AAAA, CNAME, OPT = 1, 28, 5, 41
NO_ERROR, SERVER_FAILURE = 0, 2
_IN = 1
_RESPONSE, _AUTHORITATIVE, _TRUNCATED, _RECURSION_DESIRED, _RECURSION_AVAILABLE = 0x8000, 0x400, 0x200, 0x100, 0x80
_OPCODE = 0x7800
_PLAIN_SIZE = 512
_TIME_TO_LIVE = 30  # seconds
_HEADER = struct.Struct("!6H")


class DnsError(ValueError):
    """The bytes are not a query that can be answered here."""


@dataclass(frozen=True, slots=True)
class Query:
    """One question. ``name`` is in lower case and ends in a dot; ``size`` is the longest answer over UDP."""

    id: int
    name: str
    type: int
    recursion_desired: bool
    question: bytes
    extended: bool
    size: int


def parse_query(message: bytes) -> Query:
    """A query with exactly one question of class IN; DnsError for everything else."""
    if len(message) < _HEADER.size:
        raise DnsError("shorter than a header")
    identity, flags, questions, answers, _, additional = _HEADER.unpack_from(message)
    if flags & (_RESPONSE | _OPCODE) or questions != 1 or answers:
        raise DnsError("not a query with one question")
    name, offset = _read_name(message, _HEADER.size)
    if offset + 4 > len(message):
        raise DnsError("the question has no type")
    kind, klass = struct.unpack_from("!2H", message, offset)
    if klass != _IN:
        raise DnsError("not of class IN")
    size = _udp_size(message, offset + 4) if additional else 0
    question = message[_HEADER.size : offset + 4]
    return Query(identity, name, kind, bool(flags & _RECURSION_DESIRED), question, size > 0, max(size, _PLAIN_SIZE))


def _read_name(message: bytes, offset: int) -> tuple[str, int]:
    labels: list[str] = []
    while offset < len(message):
        length = message[offset]
        if length == 0:
            return ".".join([*labels, ""]) or ".", offset + 1
        if length > 63 or offset + 1 + length > len(message):
            raise DnsError("a label is compressed or too long")
        labels.append(message[offset + 1 : offset + 1 + length].decode("latin-1").lower())
        offset += 1 + length
    raise DnsError("the name does not end")


def _udp_size(message: bytes, offset: int) -> int:
    """The size that an OPT record asks for, if one follows the question at once; 0 otherwise."""
    if message[offset : offset + 3] != b"\0" + struct.pack("!H", OPT) or offset + 5 > len(message):
        return 0
    return int(struct.unpack_from("!H", message, offset + 3)[0])


@dataclass(frozen=True, slots=True)
class Addresses:
    """What a name stands for: addresses of one family, behind a chain of other names."""

    aliases: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


def address_response(query: Query, found: Addresses, limit: int) -> bytes:
    """The answer; truncated and without records when it would be longer than ``limit`` bytes."""
    records = b"".join(_records(query, found))
    count = len(found.aliases) + len(found.addresses)
    whole = _message(query, NO_ERROR, _AUTHORITATIVE, count, records)
    return whole if len(whole) <= limit else _message(query, NO_ERROR, _AUTHORITATIVE | _TRUNCATED, 0, b"")


def failure_response(query: Query) -> bytes:
    """An answer that says: ask again later."""
    return _message(query, SERVER_FAILURE, 0, 0, b"")


def _records(query: Query, found: Addresses) -> list[bytes]:
    owner = b"\xc0\x0c"  # a pointer to the question's name
    records: list[bytes] = []
    for alias in found.aliases:
        target = _name(alias)
        records.append(owner + struct.pack("!2HIH", CNAME, _IN, _TIME_TO_LIVE, len(target)) + target)
        owner = target
    for address in found.addresses:
        packed = ipaddress.ip_address(address).packed
        records.append(owner + struct.pack("!2HIH", query.type, _IN, _TIME_TO_LIVE, len(packed)) + packed)
    return records


def _name(name: str) -> bytes:
    labels = (label.encode("latin-1") for label in name.split(".") if label)
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


def _message(query: Query, code: int, flags: int, answers: int, records: bytes) -> bytes:
    recursion = _RECURSION_DESIRED if query.recursion_desired else 0
    bits = _RESPONSE | _RECURSION_AVAILABLE | recursion | flags | code
    extension = b"\0" + struct.pack("!2HIH", OPT, 4096, 0, 0) if query.extended else b""
    header = _HEADER.pack(query.id, bits, 1, answers, 0, 1 if extension else 0)
    return header + query.question + records + extension
