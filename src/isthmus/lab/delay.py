"""Holds packets back that the kernel hands to it: `python -m isthmus.lab.delay QUEUE:MILLISECONDS ...`.

Knows the messages of nfnetlink_queue (linux/netfilter/nfnetlink_queue.h). Sees numbers of packets, never packets.
Ends when it is killed; packets that it holds then are lost, as on a wire.
"""

import selectors
import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

_NETFILTER = 12  # NETLINK_NETFILTER
_NETLINK_OPTIONS, _NO_ERROR_WHEN_LATE = 270, 5  # SOL_NETLINK, NETLINK_NO_ENOBUFS
_SUBSYSTEM = 3 << 8  # NFNL_SUBSYS_QUEUE
_PACKET, _VERDICT, _CONFIG = 0, 1, 2
_BIND = 1
_COMMAND, _PARAMETERS, _LONGEST, _MASK, _FLAGS = 1, 2, 3, 4, 5
_PACKET_HEADER, _VERDICT_HEADER = 1, 2
_REQUEST = 1
_ACCEPT = 1
_COPY_META = 1
_KEEP_SEGMENTS_TOGETHER = 4  # NFQA_CFG_F_GSO
_HEADER = struct.Struct("=IHHII")
_GENERIC = struct.Struct("!BBH")
_ATTRIBUTE = struct.Struct("=HH")
_HELD = 100_000
_BUFFER = 1 << 20


def message(kind: int, queue: int, attributes: bytes) -> bytes:
    """One message to the kernel about a queue."""
    body = _GENERIC.pack(0, 0, queue) + attributes
    return _HEADER.pack(_HEADER.size + len(body), _SUBSYSTEM | kind, _REQUEST, 0, 0) + body


def attribute(kind: int, value: bytes) -> bytes:
    """A netlink attribute, padded to four bytes."""
    padding = b"\0" * (-len(value) % 4)
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), kind) + value + padding


def configuration(queue: int) -> tuple[bytes, ...]:
    """The messages that open a queue: numbers only, long enough for a busy link, segments in one piece."""
    settings = attribute(_PARAMETERS, struct.pack("!IB", 0, _COPY_META)) + attribute(_LONGEST, struct.pack("!I", _HELD))
    flags = struct.pack("!I", _KEEP_SEGMENTS_TOGETHER)
    return (
        message(_CONFIG, queue, attribute(_COMMAND, struct.pack("!BBH", _BIND, 0, 0))),
        message(_CONFIG, queue, settings + attribute(_FLAGS, flags) + attribute(_MASK, flags)),
    )


def verdict(queue: int, packet: int) -> bytes:
    """The message that lets a packet pass."""
    return message(_VERDICT, queue, attribute(_VERDICT_HEADER, struct.pack("!II", _ACCEPT, packet)))


def packets(data: bytes) -> Iterator[int]:
    """The numbers of the packets that a datagram from the kernel tells of."""
    while len(data) >= _HEADER.size:
        length, kind, *_ = _HEADER.unpack_from(data)
        if kind == _SUBSYSTEM | _PACKET:
            yield from _numbers(data[_HEADER.size + _GENERIC.size : length])
        data = data[length + (-length % 4) :]


def _numbers(attributes: bytes) -> Iterator[int]:
    while len(attributes) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(attributes)
        if kind == _PACKET_HEADER:
            yield int.from_bytes(attributes[_ATTRIBUTE.size : _ATTRIBUTE.size + 4])
        attributes = attributes[length + (-length % 4) :]


@dataclass(slots=True)
class Queue:
    """Packets on their way, in the order in which they came."""

    number: int
    seconds: float
    connection: socket.socket
    _held: deque[tuple[float, int]] = field(default_factory=deque)

    def take(self) -> None:
        """Notes the packets that have come."""
        due = time.monotonic() + self.seconds
        self._held.extend((due, packet) for packet in packets(self.connection.recv(_BUFFER)))

    def release(self) -> float | None:
        """Lets those pass that have waited long enough. Returns the seconds until the next, None without any."""
        now = time.monotonic()
        while self._held and self._held[0][0] <= now:
            self.connection.send(verdict(self.number, self._held.popleft()[1]))
        return self._held[0][0] - now if self._held else None


def opened(argument: str) -> Queue:
    """The queue of an argument `QUEUE:MILLISECONDS`."""
    number, milliseconds = map(int, argument.split(":"))
    connection = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETFILTER)
    connection.setsockopt(_NETLINK_OPTIONS, _NO_ERROR_WHEN_LATE, 1)
    connection.bind((0, 0))
    for each in configuration(number):
        connection.send(each)
    return Queue(number, milliseconds / 1000, connection)


def main(arguments: list[str]) -> None:
    """Runs for ever."""
    selector = selectors.DefaultSelector()
    queues = [opened(argument) for argument in arguments]
    for queue in queues:
        selector.register(queue.connection, selectors.EVENT_READ, queue)
    while True:
        waits = [wait for queue in queues if (wait := queue.release()) is not None]
        for key, _ in selector.select(min(waits, default=None)):
            key.data.take()


if __name__ == "__main__":
    main(sys.argv[1:])
