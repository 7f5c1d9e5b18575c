"""Passes queries on to the pod's real name servers, as they are.

Knows: sockets, time limits, trying the next server. Does not know what is asked.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

_PORT = 53

Ask = Callable[[str, int, bytes], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Forwarder:
    """Name servers in order of preference; ``parallel`` asks them all at once and takes the first answer."""

    servers: Sequence[tuple[str, int]]
    seconds: float
    parallel: bool = False

    async def over_udp(self, query: bytes) -> bytes | None:
        """The answer of a server; None when none answers in time."""
        return await self._forward(query, _ask_udp)

    async def over_tcp(self, query: bytes) -> bytes | None:
        """The answer of a server over TCP, for answers that are too long for UDP."""
        return await self._forward(query, _ask_tcp)

    async def _forward(self, query: bytes, ask: Ask) -> bytes | None:
        if self.parallel:
            return await self._first(query, ask)
        for host, port in self.servers:
            answer = await self._one(host, port, query, ask)
            if answer is not None:
                return answer
        return None

    async def _first(self, query: bytes, ask: Ask) -> bytes | None:
        tasks = [asyncio.create_task(self._one(host, port, query, ask)) for host, port in self.servers]
        try:
            for next_done in asyncio.as_completed(tasks):
                answer = await next_done
                if answer is not None:
                    return answer
        finally:
            for task in tasks:
                task.cancel()
        return None

    async def _one(self, host: str, port: int, query: bytes, ask: Ask) -> bytes | None:
        try:
            async with asyncio.timeout(self.seconds):
                return await ask(host, port, query)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return None


def servers_of(addresses: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Hosts and ports of the addresses in a resolv.conf."""
    return tuple((address, _PORT) for address in addresses)


class _Exchange(asyncio.DatagramProtocol):
    """Waits for the datagram that answers one query."""

    def __init__(self, query: bytes) -> None:
        self._id = query[:2]
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        if data[:2] == self._id and not self.answer.done():
            self.answer.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc)


async def _ask_udp(host: str, port: int, query: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    transport, exchange = await loop.create_datagram_endpoint(lambda: _Exchange(query), remote_addr=(host, port))
    try:
        transport.sendto(query)
        return await exchange.answer
    finally:
        transport.close()


async def _ask_tcp(host: str, port: int, query: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(framed(query))
        return await read_framed(reader)
    finally:
        writer.close()


def framed(message: bytes) -> bytes:
    """A message as it travels over TCP: after its length."""
    return struct.pack("!H", len(message)) + message


async def read_framed(reader: asyncio.StreamReader) -> bytes:
    """The next message from a TCP connection; IncompleteReadError at its end."""
    (length,) = struct.unpack("!H", await reader.readexactly(2))
    return await reader.readexactly(length)
