"""The TCP sockets of one client: noticing dead peers, and being closed when the client says it is.

Knows sockets. The HTTP library closes TLS connections politely and in the background, which can outlive the
event loop; here they are ended for certain.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

_CLOSE_SECONDS = 2.0

# Together: a peer that is silent although it should acknowledge is given up after about 30 s. A cut link sends
# no reset, and a watch may have nothing to say for minutes.
_KEEPALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 30_000}


class _Watched(socket.socket):
    """A socket that tells when it is closed."""

    on_close: Callable[[socket.socket], None]

    def close(self) -> None:
        super().close()
        self.on_close(self)


class OpenSockets:
    """All open sockets of one client."""

    def __init__(self) -> None:
        self._open: set[socket.socket] = set()
        self._none_left = asyncio.Event()

    def create(self, info: Any) -> socket.socket:
        """A socket for an entry of ``getaddrinfo``."""
        family, kind, protocol, _, _ = info
        created = _Watched(family, kind, protocol)
        created.on_close = self._closed
        created.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE.items():
            if hasattr(socket, name):
                created.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        self._open.add(created)
        self._none_left.clear()
        return created

    async def close(self) -> None:
        """Ends all connections and waits until their owners have closed them."""
        for each in tuple(self._open):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # not connected, or ended by the other side
        if self._open:
            try:
                await asyncio.wait_for(self._none_left.wait(), _CLOSE_SECONDS)
            except TimeoutError:
                return

    def _closed(self, which: socket.socket) -> None:
        self._open.discard(which)
        if not self._open:
            self._none_left.set()
