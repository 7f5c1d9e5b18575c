"""The frames that open streams consist of, DATA and the answers to PING, past h2 where nothing can be amiss.

h2 builds objects, runs state machines and logs for each frame, at four to seven times the cost.
What is done here keeps its counters, and leaves everything that is not plain to it: padding, ends of streams, frames
that are cut in two, windows that are too small. RFC 9113, sections 4.1, 5.2, 6.1, 6.7 and 6.9.

A frame that is one whole message is offered to the stream's ``Taker`` where it is read, while the stream's reader
waits for the next message and none is before this one: a task that is woken for it costs ten times as much.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from h2.stream import StreamState

from isthmus.rpc.message import PREFIX

_HEAD = struct.Struct(">BHBBI")  # length (8 and 16 bits), type, flags, stream
_HEAD_SIZE = 9
_INCREMENT = struct.Struct(">I")
_DATA, _PING, _WINDOW_UPDATE, _ACK = 0, 6, 8, 1
_PING_SIZE = 8
_AT_ONCE = 2**17  # bytes that are handed to a socket without asking whether it takes more
_SENDING = (StreamState.OPEN, StreamState.HALF_CLOSED_REMOTE)

Taker = Callable[[bytes], bool]
"""Takes a message at once, or says that it has to go the usual way. Must not raise."""


def ping() -> bytes:
    """A PING."""
    return _HEAD.pack(0, _PING_SIZE, _PING, 0, 0) + bytes(_PING_SIZE)


def put(stream: Any, data: bytes, start: int) -> int:
    """Hands as much of ``data`` to the network as goes at once, from ``start``; how many bytes that was.

    ``stream`` is grpclib's protocol stream. 0 when the client's windows or the socket's buffer are full, or when the
    stream cannot be sent on in the plain way.
    """
    connection = stream._h2_connection
    state = connection.streams.get(stream.id)
    if state is None or state.state_machine.state not in _SENDING or not stream.connection.write_ready.is_set():
        return 0
    if stream._transport.is_closing():
        return 0
    window: int = min(connection.outbound_flow_control_window, state.outbound_flow_control_window)
    end = min(len(data), start + window, start + _AT_ONCE)
    if end <= start:
        return 0
    connection.outbound_flow_control_window -= end - start
    state.outbound_flow_control_window -= end - start
    stream._transport.write(_data_frames(stream.id, memoryview(data)[start:end], connection.max_outbound_frame_size))
    return end - start


def _data_frames(number: int, data: memoryview, longest: int) -> bytes:
    parts: list[bytes | memoryview] = []
    for position in range(0, len(data), longest):
        part = data[position : position + longest]
        parts += (_HEAD.pack(len(part) >> 16, len(part) & 0xFFFF, _DATA, 0, number), part)
    return b"".join(parts)


def take(protocol: Any, data: bytes) -> int:
    """Takes plain frames off the front of what a client sent; how many bytes of it are done.

    ``protocol`` is grpclib's. The rest is h2's, from the first frame on that is not plain.
    """
    h2 = protocol.connection._connection
    waiting = h2.incoming_buffer
    if waiting._data or waiting._preamble_len or waiting._headers_buffer:
        return 0
    position, size = 0, len(data)
    while size - position >= _HEAD_SIZE:
        high, low, kind, flags, number = _HEAD.unpack_from(data, position)
        body = position + _HEAD_SIZE
        end = body + (high << 16 | low)
        if end > size:
            break
        if kind == _DATA and not flags:
            if not _take_data(protocol, h2, number, data[body:end]):
                break
        elif kind == _PING and flags == _ACK and end - body == _PING_SIZE and not number:
            pass  # whoever sent the PING notices that something came
        else:
            break
        position = end
    return position


def _take_data(protocol: Any, h2: Any, number: int, body: bytes) -> bool:
    """Whether these bytes were taken in for a stream, which is open, within its windows and those of its frames."""
    size = len(body)
    stream, state = protocol.processor.streams.get(number), h2.streams.get(number)
    if stream is None or state is None or state.state_machine.state is not StreamState.OPEN:
        return False
    shared, own = h2._inbound_flow_control_window_manager, state._inbound_window_manager
    if not 0 < size <= min(h2.max_inbound_frame_size, shared.current_window_size, own.current_window_size):
        return False
    if state._expected_content_length is not None:
        return False
    shared.window_consumed(size)
    own.window_consumed(size)
    if _offer(stream, body):
        _give_back(protocol, 0, shared.process_bytes(size))
        _give_back(protocol, number, own.process_bytes(size))
    else:
        stream.buffer.add(body, size)
    return True


def _offer(stream: Any, body: bytes) -> bool:
    """Whether the stream's taker took this."""
    taker: Taker | None = getattr(stream, "taker", None)
    if taker is None or len(body) < PREFIX.size:
        return False
    compressed, size = PREFIX.unpack_from(body)
    if compressed or size != len(body) - PREFIX.size:
        return False
    before = stream.buffer
    if before._acked_size or not before._unacked.empty():
        return False
    return taker(body[PREFIX.size :])


def _give_back(protocol: Any, number: int, increment: int | None) -> None:
    """Opens the client's window of a stream, or of the connection (0), when h2's window manager says so."""
    if increment:
        head = _HEAD.pack(0, _INCREMENT.size, _WINDOW_UPDATE, 0, number)
        protocol.connection._transport.write(head + _INCREMENT.pack(increment))
