"""Listening for gRPC on several ports, with and without TLS, until a graceful end.

Knows grpclib's server and its keepalive. Does not know the services.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

import msgspec
from grpclib.config import Configuration
from grpclib.server import Server

from isthmus.rpc.framing import BytesCodec
from isthmus.rpc.tls import ServerTls


class Keepalive(msgspec.Struct, frozen=True):
    """Pings to clients, in seconds (Istio: --keepaliveInterval, --keepaliveTimeout)."""

    interval: float = 30.0
    timeout: float = 10.0


class RpcServer:
    """One server with any number of listeners. Handlers take and give bytes."""

    def __init__(self, keepalive: Keepalive = Keepalive()) -> None:  # noqa: B008 - frozen
        # grpclib documents these fields, but starts their names with an underscore
        self._config = Configuration(
            _keepalive_time=keepalive.interval,
            _keepalive_timeout=keepalive.timeout,
            _keepalive_permit_without_calls=True,
            _http2_max_pings_without_data=0,
            _http2_min_sent_ping_interval_without_data=keepalive.interval / 2,
        )
        self._servers: list[Server] = []

    async def listen(self, services: Collection[Any], host: str, port: int, tls: ServerTls | None = None) -> int:
        """Serves these services on one address, ``""`` for every one; returns the port (that was free, for 0)."""
        server = Server(services, codec=BytesCodec(), config=self._config)
        await server.start(host or None, port, ssl=tls.context if tls else None, backlog=1024)
        self._servers.append(server)
        listener: Any = server._server
        return int(listener.sockets[0].getsockname()[1])

    def stop_listening(self) -> None:
        """Takes no more connections; those that are open go on."""
        for server in self._servers:
            assert server._server is not None
            server._server.close()

    async def close(self) -> None:
        """Cancels what still runs and waits for it."""
        servers, self._servers = self._servers, []
        for server in servers:
            server.close()
        await asyncio.gather(*(server.wait_closed() for server in servers))
