"""The pod's DNS server: answers what the mesh knows, passes on the rest.

Knows: UDP and TCP, and which queries are for the mesh. Does not know where the table comes from.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import cast

from isthmus.agent.dns_forwarder import Forwarder, framed, read_framed
from isthmus.agent.dns_message import (
    AAAA,
    A,
    DnsError,
    Query,
    address_response,
    failure_response,
    parse_query,
)
from isthmus.agent.dns_table import DnsTable

log = logging.getLogger("dns")

_LONGEST = 65535
_IDLE_SECONDS = 30.0
_LOOPBACKS = ("127.0.0.1", "::1")

CurrentTable = Callable[[], DnsTable | None]


class DnsServer:
    """Answers on the loopback addresses, where the capture rules lead the pod's queries."""

    def __init__(self, table: CurrentTable, forwarder: Forwarder) -> None:
        self._table = table
        self._forwarder = forwarder
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, port: int, stack: AsyncExitStack) -> None:
        """Opens UDP and TCP sockets on each family that the kernel has; the stack closes them."""
        loop = asyncio.get_running_loop()
        for address in _LOOPBACKS:
            try:
                datagrams = _bound(address, port, socket.SOCK_DGRAM)
                connections = _bound(address, port, socket.SOCK_STREAM)
            except OSError:
                if address == _LOOPBACKS[0]:
                    raise
                continue  # a pod without IPv6
            transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=datagrams)
            stack.callback(transport.close)
            server = await asyncio.start_server(self._connection, sock=connections)
            stack.callback(server.close)

    async def answer_datagram(self, message: bytes) -> bytes | None:
        """The answer to a query over UDP; None for what is no query."""
        return await self._answer(message, over_tcp=False)

    async def _answer(self, message: bytes, over_tcp: bool) -> bytes | None:
        query = _parsed(message)
        if query is not None and query.type in (A, AAAA):
            table = self._table()
            if table is None:
                return failure_response(query)
            found = table.resolve(query.name, query.type)
            if found is not None:
                return address_response(query, found, _LONGEST if over_tcp else query.size)
        forward = self._forwarder.over_tcp if over_tcp else self._forwarder.over_udp
        answer = await forward(message)
        return failure_response(query) if answer is None and query is not None else answer

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                async with asyncio.timeout(_IDLE_SECONDS):
                    message = await read_framed(reader)
                answer = await self._answer(message, over_tcp=True)
                if answer is None:
                    return
                writer.write(framed(answer))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            log.debug("connection ended", exc_info=True)
        finally:
            writer.close()

    def run(self, work: asyncio.Task[None]) -> None:
        """Keeps a task until it has ended."""
        self._tasks.add(work)
        work.add_done_callback(self._tasks.discard)


class _Datagrams(asyncio.DatagramProtocol):
    """Hands each datagram to the server, beside the others."""

    def __init__(self, server: DnsServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # which asyncio's own does not inherit

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        self._server.run(asyncio.create_task(self._answer(data, addr)))

    async def _answer(self, data: bytes, address: tuple[str | object, int]) -> None:
        answer = await self._server.answer_datagram(data)
        if answer is not None:
            self._transport.sendto(answer, address)


def _parsed(message: bytes) -> Query | None:
    try:
        return parse_query(message)
    except DnsError:
        return None


def _bound(address: str, port: int, kind: socket.SocketKind) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    bound = socket.socket(family, kind)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((address, port))
        bound.setblocking(False)
    except OSError:
        bound.close()
        raise
    return bound
