"""Delta responses, composed once for all streams that are sent the same.

What changes for a thousand proxies is the same bytes for most of them. So that those are shared, nonces are too: they
are numbers that grow, and a stream that was sent a number gets only higher ones. A nonce has to be unique within its
stream (Envoy's xDS protocol documentation, "ACK/NACK and resource type instance version"), and it is.

Knows the content of responses and nonces. Does not know streams.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from isthmus.rpc.message import frame
from isthmus.xds import wire
from isthmus.xds.subscription import Answer

_KEPT_BYTES = 2**22


class Content(msgspec.Struct, frozen=True):
    """What a response says besides its nonce; ``trailer`` is appended as it is."""

    type_url: str
    version: str  # of all configuration
    answer: Answer
    trailer: bytes = b""


class Response(msgspec.Struct, frozen=True):
    """A response and its nonce, which is a number in hexadecimal; ``framed`` has the prefix of a message."""

    number: int
    nonce: str
    framed: bytes
    content: Content


class Responses:
    """The responses of one version of all configuration, as far as they were asked for just now."""

    def __init__(self) -> None:
        self._numbers = 0
        self._version = ""
        self.kept_bytes = 0
        self._known: dict[object, Response] = {}

    def compose(self, content: Content, above: int) -> Response:
        """The response with this content and a number above one."""
        if content.version != self._version or self.kept_bytes > _KEPT_BYTES:
            self._known, self.kept_bytes, self._version = {}, 0, content.version
        key = _key(content)
        known = self._known.get(key)
        if known is None or known.number <= above:
            self._numbers += 1
            known = self._known[key] = _composed(self._numbers, content)
            self.kept_bytes += len(known.framed)
        return known


@dataclass(frozen=True, slots=True)
class Origin:
    """What a stream's responses have of their server.

    ``prefix`` tells this stream from others, ``trailer`` ends debug responses, ``responses`` are shared with others.
    """

    prefix: str = ""
    trailer: bytes = b""
    responses: Responses = field(default_factory=Responses)


def _key(content: Content) -> object:
    """Resources by identity: one that is in a response which is kept stays what it is."""
    answer = content.answer
    same = tuple([(id(resource), version) for resource, version in answer.changed])
    return content.type_url, same, answer.removed, content.trailer


def _composed(number: int, content: Content) -> Response:
    nonce = f"{number:x}"
    envelope = (content.type_url, nonce, content.version)
    body = wire.delta_response(envelope, _entries(content.answer), content.answer.removed, content.trailer)
    return Response(number, nonce, frame(body), content)


def _entries(answer: Answer) -> Iterator[bytes]:
    for resource, version in answer.changed:
        yield wire.delta_head(resource.type_url, resource.name, version, len(resource.body))
        yield resource.body
