"""A server that misbehaves as told: what a broken proxy, a dying server or a bad link look like to a client."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from isthmus.kube.access import Access
from isthmus.kube.client import Client

Answer = Callable[["Exchange"], Awaitable[None]]


@dataclass
class Exchange:
    """One request and the connection on which to answer it."""

    target: str
    headers: dict[str, str]
    writer: asyncio.StreamWriter

    async def send(self, status: str, body: bytes, *headers: str) -> None:
        head = "\r\n".join((f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""))
        self.writer.write(head.encode() + body)
        await self.writer.drain()

    async def open_body(self) -> None:
        self.writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        await self.writer.drain()

    async def chunk(self, data: bytes) -> None:
        self.writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        await self.writer.drain()

    def cut(self) -> None:
        self.writer.transport.abort()


@dataclass
class FaultyServer:
    """Answers the n-th request with the n-th answer; a request after the last one hangs."""

    answers: list[Answer] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                first, *lines = head.strip().split("\r\n")
                headers = {key.lower(): value for key, _, value in (line.partition(": ") for line in lines)}
                await reader.readexactly(int(headers.get("content-length", 0)))
                self.targets.append(first.split(" ")[1])
                self.headers.append(headers)
                position = len(self.targets) - 1
                if position >= len(self.answers):
                    await asyncio.Event().wait()
                await self.answers[position](Exchange(self.targets[-1], headers, writer))
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def access(self) -> Access:
        return Access(server=f"http://127.0.0.1:{self.port}", token="secret")


@pytest.fixture
async def faulty() -> AsyncIterator[FaultyServer]:
    server = FaultyServer()
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(server.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listening = await asyncio.start_server(accept, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    yield server
    listening.close()
    for task in tuple(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def faulty_client(faulty: FaultyServer) -> AsyncIterator[Client]:
    async with Client(faulty.access()) as client:
        yield client
