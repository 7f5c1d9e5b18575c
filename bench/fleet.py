"""Clients in a process of their own, and what arrived at them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from bench.clients import Update
from bench.fleet_worker import LINE

WAIT = 30.0
"""Seconds until an update that does not come counts as lost."""


class LostError(RuntimeError):
    """Not all clients were told of a change."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An update to wait for: of one of the types, with this name in it unless it is empty, at so many clients."""

    types: tuple[str, ...]
    name: str
    count: int


class Fleet:
    """All clients; ``virtual_hosts``: they declare that they take virtual hosts one by one."""

    def __init__(self, process: asyncio.subprocess.Process, *, virtual_hosts: bool = False) -> None:
        self._process = process
        self._virtual_hosts = virtual_hosts

    async def connect(self, address: str, proxies: Sequence[tuple[str, str]]) -> tuple[float, int]:
        """Connects (name, namespace) all at once: the moment when the last one was warm, and refused streams."""
        answer = await self._ask(do="connect", address=address, proxies=proxies, virtual_hosts=self._virtual_hosts)
        return answer["at"], answer["refused"]

    async def disconnect(self) -> None:
        """Ends all clients."""
        await self._ask(do="disconnect")

    async def clear(self) -> None:
        """Forgets what has arrived."""
        await self._ask(do="clear")

    async def first(self, wanted: Wanted) -> list[float]:
        """The moment of the first such update at each client since ``clear``; ``LostError`` when some have none."""
        answer = await self._ask(do="first", types=wanted.types, name=wanted.name, count=wanted.count, seconds=WAIT)
        arrivals: list[float] = answer["arrivals"]
        if len(arrivals) < wanted.count:
            raise LostError(f"{len(arrivals)} of {wanted.count} clients got {wanted.name or wanted.types}")
        return arrivals

    async def updates(self) -> list[Update]:
        """Everything that arrived since ``clear``."""
        return msgspec.convert((await self._ask(do="updates"))["updates"], list[Update])

    async def totals(self) -> tuple[int, int]:
        """Responses and bytes so far."""
        answer = await self._ask(do="totals")
        return answer["responses"], answer["bytes"]

    async def _ask(self, **command: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(command) + b"\n")
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the process with the clients ended")
        answer: dict[str, Any] = msgspec.json.decode(line)
        return answer


@asynccontextmanager
async def running(*, virtual_hosts: bool = False) -> AsyncIterator[Fleet]:
    """A process without clients yet."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.fleet_worker"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE,
    )
    try:
        yield Fleet(process, virtual_hosts=virtual_hosts)
    finally:
        process.kill()
        await process.wait()
