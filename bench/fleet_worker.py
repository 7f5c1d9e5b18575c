"""A process with many clients, so that measuring costs the server no time: commands in on stdin, answers on stdout.

One JSON object per line, each command answered by one. ``bench.fleet`` is the other side.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import uvloop

from bench.clients import Proxy, Recorder

LINE = 2**28
"""Bytes of the longest answer."""


class Worker:
    """Clients and what they were told."""

    def __init__(self) -> None:
        self._recorder = Recorder()
        self._proxies: list[Proxy] = []
        self._running: list[asyncio.Task[None]] = []

    async def connect(self, address: str, proxies: list[tuple[str, str]], virtual_hosts: bool) -> dict[str, Any]:
        """Connects (name, namespace) all at once; when the last one was warm, and how many streams were refused."""
        new = [
            Proxy(address, name, namespace, self._recorder, virtual_hosts=virtual_hosts) for name, namespace in proxies
        ]
        self._proxies += new
        self._running += [asyncio.create_task(proxy.run()) for proxy in new]
        for proxy in new:
            await proxy.warm.wait()
        at = max((proxy.warm_at for proxy in new), default=0.0)
        return {"at": at, "refused": sum(proxy.refused for proxy in new)}

    async def disconnect(self) -> dict[str, Any]:
        """Ends all clients."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._proxies, self._running = [], []
        return {}

    async def clear(self) -> dict[str, Any]:
        """Forgets what has arrived."""
        self._recorder.updates.clear()
        return {}

    async def first(self, types: list[str], name: str, count: int, seconds: float) -> dict[str, Any]:
        """For each client the first update of one of the types, and of a name unless that is empty, once ``count``
        clients have one.
        """
        found: dict[str, float] = {}
        seen = 0
        try:
            async with asyncio.timeout(seconds):
                while True:
                    updates = self._recorder.updates
                    for update in updates[seen:]:
                        if update.type_url in types and (not name or name in update.names):
                            found.setdefault(update.client, update.at)
                    seen = len(updates)
                    if len(found) >= count:
                        break
                    self._recorder.arrived.clear()
                    await self._recorder.arrived.wait()
        except TimeoutError:
            pass
        return {"arrivals": list(found.values())}

    async def updates(self) -> dict[str, Any]:
        """Everything since the last ``clear``."""
        return {"updates": self._recorder.updates}

    async def totals(self) -> dict[str, Any]:
        """What all clients got so far."""
        return {"bytes": self._recorder.bytes, "responses": self._recorder.responses}


async def serve() -> None:
    """Until stdin ends."""
    worker = Worker()
    reader = asyncio.StreamReader(limit=LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        command = msgspec.json.decode(line)
        run: Callable[..., Awaitable[dict[str, Any]]] = getattr(worker, command.pop("do"))
        answer = msgspec.json.encode(await run(**command)) + b"\n"
        await asyncio.get_running_loop().run_in_executor(None, _write, answer)


def _write(answer: bytes) -> None:
    view = memoryview(answer)
    while view:
        view = view[os.write(1, view) :]


if __name__ == "__main__":
    uvloop.run(serve())
