"""Readiness while Envoy starts: until Envoy listens on its status port, the agent answers there.

Envoy listens only once it has its whole configuration. Until then, whoever asks why a pod does not become ready
would find nobody. And the kubelet asks once a second: a startup probe that is refused costs the pod that second,
however soon the proxy is ready; one that is made to wait costs what is missing.

Knows: how long a request may wait. Does not know what makes a proxy ready.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Sequence

from isthmus.agent import health
from isthmus.agent.health import Readiness
from isthmus.process import http_server
from isthmus.process.http_messages import Request
from isthmus.process.http_server import Response

log = logging.getLogger("agent")

HELD_SECONDS = 0.4
"""How long a request waits for the proxy: less than the shortest time limit of who asks (`wait`: 0.5 s)."""
_FIRST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 0.5
_PAUSE_GROWTH = 1.2
_LAST_ANSWER = {"Connection": "close"}
"""The next request of that client is Envoy's to answer."""


def listen(addresses: Sequence[str], port: int) -> tuple[socket.socket, ...]:
    """Sockets on the addresses that Envoy, as the same user, can share later (SO_REUSEPORT).

    None for an address that cannot be had: Envoy says what is wrong when it fails there, too.
    """
    return tuple(listener for address in addresses if (listener := _listener(address, port)))


def _listener(address: str, port: int) -> socket.socket | None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family, backlog=128, reuse_port=True)
    except OSError as error:
        log.debug("no readiness at port %d before Envoy has started: %s", port, error)
        return None


class EarlyReadiness:
    """Answers requests for readiness on sockets until the proxy is ready for the first time."""

    def __init__(self, readiness: Readiness, listeners: Sequence[socket.socket]) -> None:
        self._readiness = readiness
        self._listeners = listeners
        self._obstacle = "the proxy is starting"
        self._ready = asyncio.Event()

    async def run(self) -> None:
        """Serves, and leaves the port to Envoy as soon as the proxy is ready."""
        servers = [await http_server.serve(self._handle, listener) for listener in self._listeners]
        try:
            await self._until_ready()
        finally:
            for server in servers:
                server.close()

    async def _until_ready(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while obstacle := await self._readiness.obstacle():
            self._obstacle = obstacle
            await asyncio.sleep(pause)
            pause = min(pause * _PAUSE_GROWTH, _LONGEST_PAUSE_SECONDS)
        self._ready.set()

    async def _handle(self, request: Request) -> Response:
        if not request.path.startswith(health.PATH):
            return Response(404, headers=_LAST_ANSWER)
        try:
            async with asyncio.timeout(HELD_SECONDS):
                await self._ready.wait()
        except TimeoutError:
            return Response(503, f"{self._obstacle}\n".encode(), _LAST_ANSWER)
        return Response(200, headers=_LAST_ANSWER)
