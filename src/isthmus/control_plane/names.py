"""Addresses of gateways that are known by name only (load balancers of some clouds).

Answers are kept for ``SECONDS``; when a name cannot be resolved any more, its last addresses stay.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable

import structlog

from isthmus.collections import Batch, Source

log = structlog.get_logger(__name__)

SECONDS = 30.0


class NameResolver:
    """Keeps the source of names current for the names that are wanted."""

    def __init__(self, names: Source[str, tuple[str, ...]], apply: Callable[[Batch], object]) -> None:
        self._names = names
        self._apply = apply
        self._wanted: frozenset[str] = frozenset()
        self._changed = asyncio.Event()

    def want(self, names: Iterable[str]) -> None:
        """These names, and no others."""
        wanted = frozenset(names)
        if wanted != self._wanted:
            self._wanted = wanted
            self._changed.set()

    async def run(self) -> None:
        """Resolves until cancelled: at once when the wanted names change, else when answers are old."""
        while True:
            self._changed.clear()
            if self._wanted or len(self._names):
                await self._resolve()
            try:
                async with asyncio.timeout(SECONDS if self._wanted else None):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _resolve(self) -> None:
        wanted = self._wanted
        answers = await asyncio.gather(*(self._addresses(name) for name in sorted(wanted)))
        batch = Batch()
        for name, addresses in zip(sorted(wanted), answers, strict=True):
            if addresses:
                batch.put(self._names, name, addresses)
        for name in [name for name in self._names if name not in wanted]:
            batch.delete(self._names, name)
        self._apply(batch)

    async def _addresses(self, name: str) -> tuple[str, ...]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:  # the latter for what cannot be a host name
            log.warning("gateway name cannot be resolved, its last addresses stay", name=name, error=str(error))
            return ()
        return tuple(sorted({str(entry[4][0]) for entry in found}))
