"""A TCP relay in front of an API server: links that can be cut."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Relay:
    """Passes bytes on while the link is up; while it is down, connections are refused or reset."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self._target = target
        self._up = True
        self._pumps: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """Every connection is reset, and new ones are, too."""
        self._up = False
        for pump in self._pumps:
            pump.cancel()

    def restore(self) -> None:
        """New connections get through again."""
        self._up = True

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A client came."""
        pump = asyncio.create_task(self._serve(reader, writer))
        self._pumps.add(pump)
        pump.add_done_callback(self._pumps.discard)

    async def close(self) -> None:
        """Ends what is left."""
        self.cut()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far: asyncio.StreamWriter | None = None
        try:
            if self._up:
                far_reader, far = await asyncio.open_connection("127.0.0.1", self._target)
                async with asyncio.TaskGroup() as both:
                    both.create_task(_pump(reader, far))
                    both.create_task(_pump(far_reader, writer))
        except* ConnectionError:
            pass
        finally:
            for each in (writer, far):
                if each is not None:
                    each.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    raise ConnectionResetError("the other side closed")


@contextlib.asynccontextmanager
async def relaying(target: int) -> AsyncIterator[Relay]:
    """A relay to a port of this machine."""
    relay = Relay(target)
    server = await asyncio.start_server(relay.accept, "127.0.0.1", 0)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        await relay.close()
