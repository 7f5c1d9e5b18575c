"""Messages of a grpclib stream as bytes, and what grpclib does not offer of HTTP/2.

With ``frames`` the only module that reaches below grpclib's public interface. Knows flow control. Does not know what
the messages say.
"""

from __future__ import annotations

import asyncio
import struct
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

from grpclib.encoding.base import CodecBase

from isthmus.rpc import frames
from isthmus.rpc.frames import Taker
from isthmus.rpc.message import PREFIX
from isthmus.rpc.refusal import Code, Refused

_GO_AWAY = struct.Struct(">HBBBIII")  # length (24 bits), type 7, flags, stream 0, last stream, error
_LAST_STREAM = 2**31 - 1
_LONG = 2**20
_STEP = 2**14


class BytesCodec(CodecBase):
    """Hands messages through as bytes, under the content type of protobuf."""

    __content_subtype__ = "proto"

    def encode(self, message: Any, message_type: Any) -> bytes:
        """The message is already encoded."""
        return bytes(message)

    def decode(self, data: bytes, message_type: Any) -> bytes:
        """Left to the handler."""
        return data


async def read(stream: Any, limit: int, patience: float | None = None, taker: Taker | None = None) -> bytes | None:
    """The client's next message, None when it ended the stream; ``Refused`` when it is longer than the limit.

    Unlike grpclib's ``recv_message`` it looks at the length before it takes anything in. A message that has begun
    has to arrive within so many seconds, and of one connection only one long message is taken in at a time:
    so what a connection makes the server hold stays near one message, however many streams it has.
    While it waits, ``taker`` is offered messages that have come whole; it gives the first one that was not taken.
    """
    try:
        header = await _header(stream._stream, taker)
        if not header:
            return None
        compressed, size = PREFIX.unpack(header)
        if compressed:
            raise Refused(Code.UNIMPLEMENTED, "compressed messages are not supported")
        if size > limit:
            raise Refused(Code.RESOURCE_EXHAUSTED, f"message of {size} bytes, the limit is {limit}")
        async with asyncio.timeout(patience), _turn(stream, size):
            return bytes(await stream._stream.recv_data(size))
    except TimeoutError:
        raise Refused(Code.DEADLINE_EXCEEDED, f"a message of {size} bytes did not arrive in time") from None
    except AssertionError:  # grpclib's word for a stream that ends in the middle of a message
        raise Refused(Code.INVALID_ARGUMENT, "the stream ended inside a message") from None


async def _header(raw: Any, taker: Taker | None) -> bytes:
    raw.taker = taker
    try:
        header: bytes = await raw.recv_data(PREFIX.size)
    finally:
        raw.taker = None
    return header


def _turn(stream: Any, size: int) -> AbstractAsyncContextManager[object]:
    if size <= _LONG:
        return nullcontext()
    turns: asyncio.Lock = vars(stream._stream.connection).setdefault("long_messages", asyncio.Lock())
    return turns


def put(stream: Any, data: bytes) -> int:
    """Sends as much of a message with its prefix as goes without waiting; how many bytes that was."""
    return frames.put(stream._stream, data, 0)


async def write(stream: Any, data: bytes, start: int = 0) -> None:
    """Sends a message with its prefix, or what is left of it; waits while the client takes no data."""
    raw = stream._stream
    while start < len(data):
        await raw.connection.write_ready.wait()
        sent = frames.put(raw, data, start)
        if not sent:  # h2 knows why: it waits, or raises when the stream is over
            await raw.send_data(data[start : start + _STEP])
            sent = min(_STEP, len(data) - start)
        start += sent


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
