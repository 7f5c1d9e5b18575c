"""Just enough of HTTP/2 for one gRPC stream per connection: a client so cheap that a thousand of them fit beside the
server that is measured.

RFC 9113; windows as large as Envoy's, no pings of its own. Knows frames and messages. Does not know discovery.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import cast

from hpack import Encoder

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GO_AWAY, _WINDOW = 0, 1, 3, 4, 6, 7, 8
_END_STREAM, _END_HEADERS, _ACK = 1, 4, 1
_STREAM = 1
_INITIAL_WINDOW = 4
_WINDOW_SIZE = 2**28
_LONGEST = 2**14
_HEAD = struct.Struct(">BHBBI")  # length in 8 and 16 bits, type, flags, stream
_MESSAGE = struct.Struct(">?I")


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame."""
    return _HEAD.pack(len(payload) >> 16, len(payload) & 0xFFFF, kind, flags, stream) + payload


class Call(asyncio.Protocol):
    """One bidirectional call. ``taken`` gets each message when it is complete; ``ended`` is done with the last one."""

    def __init__(self, authority: str, path: str, taken: Callable[[bytes], None]) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.received = 0
        self._headers = (
            (":method", "POST"),
            (":scheme", "http"),
            (":path", path),
            (":authority", authority),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
        )
        self._taken = taken
        self._transport: asyncio.Transport | None = None
        self._input = bytearray()
        self._message = bytearray()
        self._unsent = bytearray()
        self._windows = {0: 65_535, _STREAM: 65_535}
        self._peer_window = 65_535
        self._consumed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Opens the one stream at once."""
        self._transport = cast(asyncio.Transport, transport)
        settings = struct.pack(">HI", _INITIAL_WINDOW, _WINDOW_SIZE)
        window = struct.pack(">I", _WINDOW_SIZE - 65_535)
        headers = Encoder().encode(self._headers)
        self._transport.write(
            _PREFACE
            + frame(_SETTINGS, 0, 0, settings)
            + frame(_WINDOW, 0, 0, window)
            + frame(_HEADERS, _END_HEADERS, _STREAM, headers)
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the call."""
        self._transport = None
        if not self.ended.done():
            self.ended.set_result(None)

    def send(self, message: bytes) -> None:
        """Sends a message as far as the server's windows allow, and the rest when they do."""
        self._unsent += _MESSAGE.pack(False, len(message)) + message
        self._flush()

    def close(self) -> None:
        """Cuts the connection."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Takes whole frames off the input."""
        self.received += len(data)
        self._input += data
        taken = 0
        while len(self._input) - taken >= _HEAD.size:
            high, low, kind, flags, stream = _HEAD.unpack_from(self._input, taken)
            end = taken + _HEAD.size + (high << 16 | low)
            if len(self._input) < end:
                break
            payload = bytes(self._input[taken + _HEAD.size : end])
            taken = end
            if kind == _WINDOW:
                self._open(stream, payload)
            else:
                self._take(kind, flags, payload)
        del self._input[:taken]

    def _take(self, kind: int, flags: int, payload: bytes) -> None:
        if kind == _DATA:
            self._take_data(payload)
        elif kind == _SETTINGS and not flags & _ACK:
            self._take_settings(payload)
        elif kind == _PING and not flags & _ACK:
            self._write(frame(_PING, _ACK, 0, payload))
        if kind in (_RESET, _GO_AWAY) or (kind in (_DATA, _HEADERS) and flags & _END_STREAM):
            self.close()

    def _take_data(self, payload: bytes) -> None:
        self._consumed += len(payload)
        if self._consumed > _WINDOW_SIZE // 2:
            more = struct.pack(">I", self._consumed)
            self._write(frame(_WINDOW, 0, 0, more) + frame(_WINDOW, 0, _STREAM, more))
            self._consumed = 0
        self._message += payload
        while len(self._message) >= _MESSAGE.size:
            _, size = _MESSAGE.unpack_from(self._message)
            if len(self._message) < _MESSAGE.size + size:
                return
            body = bytes(self._message[_MESSAGE.size : _MESSAGE.size + size])
            del self._message[: _MESSAGE.size + size]
            self._taken(body)

    def _take_settings(self, payload: bytes) -> None:
        for number, value in struct.iter_unpack(">HI", payload):
            if number == _INITIAL_WINDOW:
                self._windows[_STREAM] += value - self._peer_window
                self._peer_window = value
        self._write(frame(_SETTINGS, _ACK, 0))
        self._flush()

    def _open(self, stream: int, payload: bytes) -> None:
        (increment,) = struct.unpack(">I", payload)
        self._windows[stream] += increment
        self._flush()

    def _flush(self) -> None:
        while self._unsent and (room := min(_LONGEST, *self._windows.values())) > 0:
            chunk = bytes(self._unsent[:room])
            del self._unsent[:room]
            self._windows = {stream: size - len(chunk) for stream, size in self._windows.items()}
            self._write(frame(_DATA, 0, _STREAM, chunk))

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)
