"""The body of a watch: one JSON document per line, each an event.

Knows: framing, the envelope and its special events. Does no I/O and keeps no objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Generic, Literal, TypeVar

import msgspec

from isthmus.kube.errors import ApiError, Status
from isthmus.kube.pages import Keep, Reject, whole

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


Change = Literal["ADDED", "MODIFIED", "DELETED"]
_CHANGES: Mapping[str, Change] = {"ADDED": "ADDED", "MODIFIED": "MODIFIED", "DELETED": "DELETED"}


class Event(msgspec.Struct, Generic[T_co], frozen=True):
    """One change of one object; a deleted one is given as it was last."""

    type: Change
    object: T_co


class Batch(msgspec.Struct, Generic[T], frozen=True):
    """What arrived together: changes in order, the version after them, and the error that ended the watch.

    ``bookmark`` says that one was among it.
    """

    events: tuple[Event[T], ...] = ()
    resource_version: str = ""
    error: ApiError | None = None
    bookmark: bool = False


class _Envelope(msgspec.Struct, frozen=True):
    type: str
    object: msgspec.Raw


class _Versioned(msgspec.Struct, frozen=True):
    class Metadata(msgspec.Struct, frozen=True, rename="camel"):
        resource_version: str = ""

    metadata: Metadata = Metadata()


class LineSplitter:
    r"""Cuts a byte stream at ``\n`` and nowhere else.

    U+2028, U+0085 and other separators are legal inside JSON strings; readers for text split there and
    tear events apart.
    """

    def __init__(self) -> None:
        self._rest: list[bytes] = []

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that this chunk completes, without their ends and without empty ones."""
        head, newline, tail = chunk.rpartition(b"\n")
        if not newline:
            self._rest.append(tail)
            return []
        lines = b"".join((*self._rest, head)).split(b"\n")
        self._rest = [tail] if tail else []
        return [line for line in lines if line]


class EventDecoder(Generic[T]):
    """Decodes lines of a watch into events of objects of type ``into``, as ``keep`` gives them."""

    def __init__(self, into: type[T], reject: Reject, keep: Keep[T] = whole) -> None:
        self._keep = keep
        self._envelope = msgspec.json.Decoder(_Envelope)
        self._version = msgspec.json.Decoder(_Versioned)
        self._object = msgspec.json.Decoder(into)
        self._reject = reject

    def decode(self, lines: Iterable[bytes]) -> Batch[T]:
        """The batch in these lines; ``msgspec.DecodeError`` when a line is no event.

        Objects that do not fit ``into`` are rejected and left out.
        """
        events: list[Event[T]] = []
        last = b""
        error: ApiError | None = None
        bookmark = False
        for line in lines:
            try:
                envelope = self._envelope.decode(line)
            except (RecursionError, UnicodeDecodeError) as problem:
                self._reject(line, problem)
                continue
            if envelope.type == "ERROR":
                error = ApiError(msgspec.json.decode(envelope.object, type=Status))
                break
            last = envelope.object
            bookmark |= envelope.type == "BOOKMARK"
            self._collect(envelope, events)
        return Batch(tuple(events), self._version_of(last), error, bookmark)

    def _version_of(self, body: bytes | msgspec.Raw) -> str:
        try:
            return self._version.decode(body).metadata.resource_version if body else ""
        except (RecursionError, UnicodeDecodeError):
            return ""

    def _collect(self, envelope: _Envelope, events: list[Event[T]]) -> None:
        kind = _CHANGES.get(envelope.type)
        if kind is None:
            return
        try:
            events.append(Event(kind, self._keep(self._object.decode(envelope.object))))
        except (msgspec.ValidationError, RecursionError, UnicodeDecodeError) as problem:
            self._reject(bytes(envelope.object), problem)
