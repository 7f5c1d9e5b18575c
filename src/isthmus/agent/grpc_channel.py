"""gRPC connections of the agent: its codec, and channels to the control plane and the CA.

Knows: grpclib, TLS towards a pinned root, the token file, the headers that every request carries.
Does not know the services that are called.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from grpclib.client import Channel
from grpclib.config import Configuration
from grpclib.encoding.base import CodecBase

from isthmus.agent.settings import Upstream

_KEEPALIVE_SECONDS = 30.0


class MessageCodec(CodecBase):
    """Messages that encode and decode themselves (``isthmus.agent.messages``)."""

    __content_subtype__ = "proto"

    def encode(self, message: Any, message_type: Any) -> bytes:
        """The message's own encoding."""
        encoded: bytes = message.encode()
        return encoded

    def decode(self, data: bytes, message_type: Any) -> Any:
        """The type's own decoding; WireError when the bytes are no message."""
        return message_type.decode(data)


def open_channel(upstream: Upstream) -> Channel:
    """A channel that connects at its first call; the root is read now, so a rotated one is taken up.

    OSError when the root cannot be read.
    """
    address = upstream.address
    config = Configuration(
        ssl_target_name_override=None if address.plaintext else upstream.server_name,
        _keepalive_time=_KEEPALIVE_SECONDS,
        _keepalive_timeout=10.0,
    )
    context = None if address.plaintext else _pinned(upstream.root)
    return Channel(address.host, address.port, ssl=context, codec=MessageCodec(), config=config)


def _pinned(root: Path) -> ssl.SSLContext:
    """Trust in this bundle alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2"])
    context.load_verify_locations(cafile=root)
    return context


def credentials(upstream: Upstream, token: Path) -> dict[str, str]:
    """Request metadata: the headers, and the token as it is now. No token on an unencrypted connection."""
    if upstream.address.plaintext:
        return dict(upstream.headers)
    return {**upstream.headers, "authorization": f"Bearer {token.read_text().strip()}"}
