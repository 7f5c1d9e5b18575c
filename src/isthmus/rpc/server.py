"""Listening for gRPC on several ports, with and without TLS, until a graceful end.

Knows grpclib's server and its connections, and whether clients are still there. Does not know the services.
"""

from __future__ import annotations

import asyncio
import time
from asyncio import BaseTransport
from collections import deque
from collections.abc import Collection
from typing import Any, cast

import msgspec
from grpclib.config import Configuration
from grpclib.protocol import H2Protocol
from grpclib.server import Handler, Server
from h2.events import UnknownFrameReceived

from isthmus.rpc import frames
from isthmus.rpc.framing import BytesCodec
from isthmus.rpc.pace import Pace, Pacer
from isthmus.rpc.tls import ServerTls

_LONGEST_FRAME = 9 + 2**14  # with its header: nobody was offered longer ones
_SLICE = 2**14  # bytes that are looked at before the time
_SHORT = 2**9  # bytes of an acknowledgement, or of a few
_SHORT_COST = 1e-4  # the most seconds of work that so few bytes in plain frames are
_TURN = 0.01  # seconds of work for one connection before others have theirs
_LOAD = Pace(0.2, 0.2)  # seconds of work that one connection may cause: a fifth of the time
_FAREWELL = 1.0  # seconds for clients to take the end of their streams


class Keepalive(msgspec.Struct, frozen=True):
    """Pings to clients that are silent, in seconds (Istio: --keepaliveInterval, --keepaliveTimeout)."""

    interval: float = 30.0
    timeout: float = 10.0


class RpcServer:
    """One server with any number of listeners. Handlers take and give bytes."""

    def __init__(self, keepalive: Keepalive = Keepalive()) -> None:  # noqa: B008 - frozen
        self._keepalive = keepalive
        self._servers: list[_Listener] = []

    async def listen(self, services: Collection[Any], host: str, port: int, tls: ServerTls | None = None) -> int:
        """Serves these services on one address, ``""`` for every one; returns the port (that was free, for 0)."""
        server = _Listener(services, codec=BytesCodec(), keepalive=self._keepalive)
        await server.start(host or None, port, ssl=tls.context if tls else None, backlog=1024)
        self._servers.append(server)
        return server.port

    def stop_listening(self) -> None:
        """Takes no more connections; those that are open go on."""
        for server in self._servers:
            server.stop_listening()

    async def close(self) -> None:
        """Cancels what still runs, waits for it, and closes every connection."""
        servers, self._servers = self._servers, []
        for server in servers:
            server.close()
        await asyncio.gather(*(server.wait_closed() for server in servers))


class _Listener(Server):
    """grpclib's server, which on closing leaves its connections open, with an end for them."""

    _connections: set[_Connection]

    def __init__(self, services: Collection[Any], *, codec: BytesCodec, keepalive: Keepalive) -> None:
        # instead of grpclib's own keepalive, which has timers for each connection and h2 for each PING
        super().__init__(services, codec=codec, config=Configuration(_keepalive_time=None))
        self._connections = set()
        self._keepalive = keepalive
        self._next_look: asyncio.TimerHandle | None = None

    async def start(self, *args: Any, **kwargs: Any) -> None:
        """Listens, and looks after the connections."""
        await super().start(*args, **kwargs)
        self._look()

    @property
    def port(self) -> int:
        """That it listens on."""
        server: Any = self._server
        return int(server.sockets[0].getsockname()[1])

    def stop_listening(self) -> None:
        """Closes the listening socket only."""
        assert self._server is not None
        self._server.close()

    async def wait_closed(self) -> None:
        """Waits for handlers, then closes connections; those that linger are cut."""
        assert self._server is not None
        handlers = [asyncio.ensure_future(handler.wait_closed()) for handler in self._handlers]
        if handlers:
            await asyncio.wait(handlers)
        gone = [connection.end() for connection in self._connections]
        if gone:
            await asyncio.wait(gone, timeout=_FAREWELL)
        for connection in tuple(self._connections):
            connection.abort()
        if gone:
            await asyncio.wait(gone)
        await self._server.wait_closed()

    def close(self) -> None:
        """Cancels handlers."""
        if self._next_look is not None:
            self._next_look.cancel()
        super().close()

    def _look(self) -> None:
        """Asks silent clients whether they are there, and cuts those that have not answered."""
        loop = asyncio.get_running_loop()
        for connection in tuple(self._connections):
            connection.look(time.monotonic(), self._keepalive)
        self._next_look = loop.call_later(min(self._keepalive.interval, self._keepalive.timeout) / 4, self._look)

    def _protocol_factory(self) -> H2Protocol:
        handler = cast(Handler, super()._protocol_factory().handler)
        return _Connection(handler, self._config, self._h2_config, self._connections)


def _ignore(event: UnknownFrameReceived) -> None:
    """Frames of extensions are not an error."""


class _Connection(H2Protocol):
    """One client's connection, known to its listener while it is open."""

    def __init__(self, handler: Handler, config: Configuration, h2_config: Any, open_: set[_Connection]) -> None:
        super().__init__(handler, config, h2_config)
        self._open = open_
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: Any = None
        self._input: deque[bytes] = deque()  # not looked at yet
        self._resting = False
        self._heard = time.monotonic()
        self._asked: float | None = None
        self._pacer = Pacer(_LOAD, self._heard)

    def connection_made(self, transport: BaseTransport) -> None:
        self._transport = transport
        self._open.add(self)
        super().connection_made(transport)
        self.processor.processors[UnknownFrameReceived] = _ignore  # RFC 9113, section 4.1

    def connection_lost(self, exc: BaseException | None) -> None:
        self._open.discard(self)
        if not self._lost.done():
            self._lost.set_result(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._heard, self._asked = time.monotonic(), None
        if not self._resting and len(data) <= _SHORT:
            data = data[self._take_short(data) :]
            if not data:
                return
        self._input.append(data)
        if not self._resting:
            self._work()

    def _take_short(self, data: bytes) -> int:
        """Takes plain frames; how many bytes that was. The thread's own time would cost more than it tells."""
        done, now = frames.take(self, data), time.monotonic()
        self._rest(self._pacer.spend(min(now - self._heard, _SHORT_COST), now))
        return done

    def _work(self) -> None:
        """Takes what came, for a turn; a connection that keeps the loop busy rests, and its client has to wait."""
        started, took = time.thread_time(), 0.0
        rested, self._resting = self._resting, False
        while self._input and took < _TURN and not self._lost.done():
            data = self._input.popleft()
            if len(data) > _SLICE:
                self._input.appendleft(data[_SLICE:])
            self._take(data[:_SLICE])
            took = time.thread_time() - started
        self._rest(self._pacer.spend(took, time.monotonic()))
        if rested and not self._resting and not self._transport.is_closing():
            self._transport.resume_reading()

    def _rest(self, seconds: float) -> None:
        """Leaves what came, and what comes, for so long."""
        if (self._input or seconds) and not self._transport.is_closing():
            self._resting = True
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(seconds, self._work)

    def _take(self, data: bytes) -> None:
        done = frames.take(self, data)
        if done == len(data):
            return
        super().data_received(data[done:] if done else data)
        if len(self.connection._connection.incoming_buffer._data) > _LONGEST_FRAME:
            self.abort()  # h2 looks at a frame's length only when all of it is there

    def look(self, now: float, keepalive: Keepalive) -> None:
        """Pings a client that was silent for so long, or cuts it when it has not answered."""
        if self._resting:  # it may have said something that nobody has looked for
            return
        if self._asked is not None:
            if now - self._asked >= keepalive.timeout:
                self.abort()
        elif now - self._heard >= keepalive.interval and not self._transport.is_closing():
            self._asked = now
            self._transport.write(frames.ping())

    def end(self) -> asyncio.Future[None]:
        """Closes after what is written is sent; done when it is closed."""
        self._transport.close()
        return self._lost

    def abort(self) -> None:
        """Cuts it."""
        self._transport.abort()
