"""The frames that open streams consist of, DATA and the answers to PING, past h2 where nothing can be amiss.

h2 builds objects, runs state machines and logs for each frame, at four to seven times the cost.
What is done here keeps its counters, and leaves everything that is not plain to it: padding, ends of streams, frames
that are cut in two, windows that are too small. RFC 9113, sections 4.1, 5.2, 6.1 and 6.7.
"""

from __future__ import annotations

import struct
from typing import Any

from h2.stream import StreamState

_HEAD = struct.Struct(">BHBBI")  # length (8 and 16 bits), type, flags, stream
_HEAD_SIZE = 9
_DATA, _PING, _ACK = 0, 6, 1
_PING_SIZE = 8
_AT_ONCE = 2**17  # bytes that are handed to a socket without asking whether it takes more
_SENDING = (StreamState.OPEN, StreamState.HALF_CLOSED_REMOTE)


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
    longest = connection.max_outbound_frame_size
    parts: list[bytes | memoryview] = []
    view = memoryview(data)
    for position in range(start, end, longest):
        size = min(longest, end - position)
        parts += (_HEAD.pack(size >> 16, size & 0xFFFF, _DATA, 0, stream.id), view[position : position + size])
    connection.outbound_flow_control_window -= end - start
    state.outbound_flow_control_window -= end - start
    stream._transport.write(b"".join(parts))
    return end - start


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
    windows = (h2._inbound_flow_control_window_manager, state._inbound_window_manager)
    if not 0 < size <= min(h2.max_inbound_frame_size, *(window.current_window_size for window in windows)):
        return False
    if state._expected_content_length is not None:
        return False
    for window in windows:
        window.window_consumed(size)
    stream.buffer.add(body, size)
    return True
