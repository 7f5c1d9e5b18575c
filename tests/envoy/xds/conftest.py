"""Control planes, Envoys and backends for the tests of this directory, ended with the test."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(1, str(Path(__file__).parents[2] / "cases"))

from discovery_plane import ControlPlane
from running_envoy import Envoy, running

from isthmus.xds.settings import XdsSettings


@pytest.fixture
async def control_plane() -> AsyncIterator[Callable[..., ControlPlane]]:
    async with AsyncExitStack() as stack:

        def start(settings: XdsSettings | None = None) -> ControlPlane:
            result = ControlPlane(settings or XdsSettings())
            stack.push_async_callback(result.rpc.close)
            return result

        yield start


@pytest.fixture
async def envoy() -> AsyncIterator[Callable[..., Awaitable[Envoy]]]:
    async with AsyncExitStack() as stack:

        async def start(bootstrap: dict[str, Any], *arguments: str) -> Envoy:
            return await stack.enter_async_context(running(bootstrap, *arguments))

        yield start


@pytest.fixture
async def backend() -> AsyncIterator[Callable[[str], Awaitable[int]]]:
    """Starts an HTTP server that answers with one text; gives its port."""
    async with AsyncExitStack() as stack:

        async def start(text: str) -> int:
            async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(
                    f"HTTP/1.1 200 OK\r\ncontent-length: {len(text)}\r\nconnection: close\r\n\r\n{text}".encode()
                )
                await writer.drain()
                writer.close()

            server = await stack.enter_async_context(await asyncio.start_server(answer, "127.0.0.1", 0))
            return int(server.sockets[0].getsockname()[1])

        yield start
