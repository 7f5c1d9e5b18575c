"""Discovery messages: requests and responses, state-of-the-world and incremental.

Knows: field numbers of ``envoy.service.discovery.v3``. Does not know what a resource means.
"""

from __future__ import annotations

from dataclasses import dataclass

from isthmus.agent.messages import wire


@dataclass(frozen=True, slots=True)
class Resource:
    """One named resource in its serialised form."""

    name: str
    version: str
    type_url: str
    body: bytes

    def any(self) -> bytes:
        """The body as an encoded ``google.protobuf.Any``."""
        return wire.text(1, self.type_url) + wire.data(2, self.body)

    def encode(self) -> bytes:
        """The resource of an incremental response."""
        return wire.text(1, self.version) + wire.message(2, self.any()) + wire.text(3, self.name)

    @classmethod
    def decode(cls, encoded: bytes) -> Resource:
        """From an incremental response."""
        groups = wire.grouped(encoded)
        body = wire.grouped(wire.last_message(groups, 2))
        return cls(
            name=wire.last_text(groups, 3),
            version=wire.last_text(groups, 1),
            type_url=wire.last_text(body, 1),
            body=wire.last_message(body, 2),
        )


@dataclass(frozen=True, slots=True)
class Request:
    """A state-of-the-world request; ``error`` is set when it refuses the response of ``nonce``."""

    names: tuple[str, ...]
    type_url: str
    nonce: str
    error: str

    @classmethod
    def decode(cls, encoded: bytes) -> Request:
        """From the wire; WireError when the bytes are no message."""
        groups = wire.grouped(encoded)
        return cls(
            names=wire.all_texts(groups, 3),
            type_url=wire.last_text(groups, 4),
            nonce=wire.last_text(groups, 5),
            error=_error(groups, 6),
        )


@dataclass(frozen=True, slots=True)
class Response:
    """A state-of-the-world response: every resource that the stream asked for and that exists."""

    version: str
    resources: tuple[Resource, ...]
    type_url: str
    nonce: str

    def encode(self) -> bytes:
        """The message on the wire."""
        resources = b"".join(wire.message(2, resource.any()) for resource in self.resources)
        return wire.text(1, self.version) + resources + wire.text(4, self.type_url) + wire.text(5, self.nonce)


@dataclass(frozen=True, slots=True)
class DeltaRequest:
    """An incremental request. ``node`` is an encoded ``Node``, sent with the first request only."""

    type_url: str
    subscribe: tuple[str, ...] = ()
    unsubscribe: tuple[str, ...] = ()
    nonce: str = ""
    error: str = ""
    node: bytes = b""

    def encode(self) -> bytes:
        """The message on the wire."""
        parts = (
            wire.data(1, self.node),
            wire.text(2, self.type_url),
            wire.texts(3, self.subscribe),
            wire.texts(4, self.unsubscribe),
            wire.text(6, self.nonce),
            wire.message(7, wire.integer(1, 3) + wire.text(2, self.error)) if self.error else b"",
        )
        return b"".join(parts)

    @classmethod
    def decode(cls, encoded: bytes) -> DeltaRequest:
        """From the wire; WireError when the bytes are no message."""
        groups = wire.grouped(encoded)
        return cls(
            type_url=wire.last_text(groups, 2),
            subscribe=wire.all_texts(groups, 3),
            unsubscribe=wire.all_texts(groups, 4),
            nonce=wire.last_text(groups, 6),
            error=_error(groups, 7),
            node=wire.last_message(groups, 1),
        )


@dataclass(frozen=True, slots=True)
class DeltaResponse:
    """An incremental response: only what changed."""

    resources: tuple[Resource, ...]
    type_url: str
    nonce: str
    removed: tuple[str, ...] = ()

    def encode(self) -> bytes:
        """The message on the wire."""
        resources = b"".join(wire.message(2, resource.encode()) for resource in self.resources)
        return resources + wire.text(4, self.type_url) + wire.text(5, self.nonce) + wire.texts(6, self.removed)

    @classmethod
    def decode(cls, encoded: bytes) -> DeltaResponse:
        """From the wire; WireError when the bytes are no message."""
        groups = wire.grouped(encoded)
        return cls(
            resources=tuple(Resource.decode(each) for each in wire.all_messages(groups, 2)),
            type_url=wire.last_text(groups, 4),
            nonce=wire.last_text(groups, 5),
            removed=wire.all_texts(groups, 6),
        )


def _error(groups: dict[int, list[int | bytes]], number: int) -> str:
    """The message of a ``google.rpc.Status``; its code when it has no message; empty without a status."""
    if number not in groups:
        return ""
    status = wire.grouped(wire.last_message(groups, number))
    return wire.last_text(status, 2) or f"code {wire.last_integer(status, 1)}"
