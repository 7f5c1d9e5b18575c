"""Steady requests through a proxy, of which none may fail."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Traffic:
    """Requests to some hosts, one after the other on one connection, and their outcomes."""

    def __init__(self, port: int, *hosts: str) -> None:
        self.count = 0
        self.failed: list[tuple[str, str]] = []
        self._port = port
        self._hosts = itertools.cycle(hosts)
        self._done = asyncio.Event()

    async def run(self) -> None:
        while not self._done.is_set():
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.005)
                continue
            try:
                while not self._done.is_set():
                    await self._ask(reader, writer, next(self._hosts))
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                self.failed.append(("connection", repr(error)))
            finally:
                writer.close()

    def stop(self) -> None:
        self._done.set()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        writer.write(f"GET / HTTP/1.1\r\nhost: {host}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = next((int(line[15:]) for line in head.splitlines() if line.startswith("content-length:")), 0)
        await reader.readexactly(length)
        self.count += 1
        if " 200 " not in head.splitlines()[0]:
            self.failed.append((host, head.splitlines()[0]))


@asynccontextmanager
async def traffic(port: int, *hosts: str) -> AsyncIterator[Traffic]:
    """Requests for as long as the block lasts; none may fail."""
    async with asyncio.TaskGroup() as group:
        flow = Traffic(port, *hosts)
        group.create_task(flow.run())
        try:
            yield flow
        finally:
            flow.stop()
    assert not flow.failed, f"{len(flow.failed)} of {flow.count}: {flow.failed[:5]}"
