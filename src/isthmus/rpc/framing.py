"""Messages of a grpclib stream as bytes, and what grpclib does not offer of HTTP/2.

The only module that reaches below grpclib's public interface. Knows frames and flow control. Does not know what
the messages say.
"""

from __future__ import annotations

import struct
from typing import Any

from grpclib.encoding.base import CodecBase

from isthmus.rpc.refusal import Code, Refused

_PREFIX = struct.Struct(">?I")  # compressed, length: the gRPC message header
_GO_AWAY = struct.Struct(">HBBBIII")  # length (24 bits), type 7, flags, stream 0, last stream, error
_LAST_STREAM = 2**31 - 1


class BytesCodec(CodecBase):
    """Hands messages through as bytes, under the content type of protobuf."""

    __content_subtype__ = "proto"

    def encode(self, message: Any, message_type: Any) -> bytes:
        """The message is already encoded."""
        return bytes(message)

    def decode(self, data: bytes, message_type: Any) -> bytes:
        """Left to the handler."""
        return data


async def read(stream: Any, limit: int) -> bytes | None:
    """The client's next message, None when it ended the stream; ``Refused`` when it is longer than the limit.

    Unlike grpclib's ``recv_message`` it looks at the length before it takes anything in.
    """
    try:
        header = await stream._stream.recv_data(_PREFIX.size)
        if not header:
            return None
        compressed, size = _PREFIX.unpack(header)
        if compressed:
            raise Refused(Code.UNIMPLEMENTED, "compressed messages are not supported")
        if size > limit:
            raise Refused(Code.RESOURCE_EXHAUSTED, f"message of {size} bytes, the limit is {limit}")
        return bytes(await stream._stream.recv_data(size))
    except AssertionError:  # grpclib's word for a stream that ends in the middle of a message
        raise Refused(Code.INVALID_ARGUMENT, "the stream ended inside a message") from None


async def write(stream: Any, message: bytes) -> None:
    """Sends one message; waits while the client takes no data."""
    await stream._stream.send_data(_PREFIX.pack(False, len(message)) + message)


def go_away(stream: Any) -> None:
    """Asks the client to open its next stream on a new connection; streams that are open go on.

    h2's own ``close_connection`` would end them at once.
    """
    transport = stream._stream.connection._transport
    if not transport.is_closing():
        transport.write(_GO_AWAY.pack(0, 8, 7, 0, 0, _LAST_STREAM, 0))


def abort(stream: Any) -> None:
    """Cuts the connection without waiting for the client: for one that takes no data any more."""
    stream._stream.connection._transport.abort()
