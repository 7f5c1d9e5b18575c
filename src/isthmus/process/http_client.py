"""A small HTTP/1.1 client: one request a connection, bodies whole or in pieces.

Knows: connecting, TLS without verification (as kubelet probes), source addresses, time limits.
Does not know redirects or cookies: a probe reports what it was told.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from isthmus.process.http_messages import Head, HttpError, parse_head, request_head

_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``source`` is the local address to call from, empty for the kernel's choice."""

    host: str
    port: int
    target: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    tls: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, header fields, and as much of the body as was asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def fetch(call: Call, seconds: float, body_limit: int = 1024 * 1024) -> Answer:
    """The whole answer; OSError, TimeoutError or HttpError when there is none. A longer body is cut."""
    async with asyncio.timeout(seconds), stream(call) as (head, pieces):
        body = bytearray()
        async for piece in pieces:
            body += piece
            if len(body) >= body_limit:
                break
        return Answer(head.status, head.headers, bytes(body[:body_limit]))


@asynccontextmanager
async def stream(call: Call) -> AsyncIterator[tuple[Head, AsyncIterator[bytes]]]:
    """The head of the answer, and its body as it comes; the connection ends with the context."""
    reader, writer = await _connect(call)
    try:
        writer.write(request_head(call.method, call.target, _headers(call)))
        await writer.drain()
        head = parse_head(await _head(reader))
        yield head, _body(head, reader)
    finally:
        writer.close()


async def _connect(call: Call) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    source = (call.source, 0) if call.source else None
    context = _unverified() if call.tls else None
    return await asyncio.open_connection(call.host, call.port, ssl=context, local_addr=source, limit=_PIECE)


def _unverified() -> ssl.SSLContext:
    """A context that accepts any certificate: probes ask whether a server answers, not who it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _headers(call: Call) -> dict[str, str]:
    host = f"[{call.host}]" if ":" in call.host else call.host
    names = {name.lower() for name in call.headers}
    return {**({} if "host" in names else {"Host": f"{host}:{call.port}"}), **call.headers, "Connection": "close"}


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        raise HttpError(f"the answer ended after {len(error.partial)} bytes") from None
    except asyncio.LimitOverrunError as error:
        raise HttpError("the answer's head is too long") from error


def _body(head: Head, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    if head.chunked:
        return _chunks(reader)
    return _bytes(reader, head.length)


async def _bytes(reader: asyncio.StreamReader, length: int | None) -> AsyncIterator[bytes]:
    """A body of known length, or up to the end of the connection."""
    left = length
    while left is None or left > 0:
        piece = await reader.read(_PIECE if left is None else min(_PIECE, left))
        if not piece:
            if left:
                raise HttpError(f"the body ended {left} bytes early")
            return
        left = None if left is None else left - len(piece)
        yield piece


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while size := _chunk_size(await reader.readline()):
        async for piece in _bytes(reader, size):
            yield piece
        await reader.readline()


def _chunk_size(line: bytes) -> int:
    try:
        return int(line.split(b";")[0].strip(), 16)
    except ValueError:
        raise HttpError(f"not a chunk size: {line[:20]!r}") from None
