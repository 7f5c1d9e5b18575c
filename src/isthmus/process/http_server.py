"""A small HTTP/1.1 server: requests in, responses out, whole or streamed.

Knows: connections, keep-alive, limits. Does not know paths: one handler gets every request.
"""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import ipaddress
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from isthmus.process.http_messages import HttpError, Request, content_length, parse_request, response_head

log = logging.getLogger("http")

_HEAD_LIMIT = 32 * 1024
_BODY_LIMIT = 1024 * 1024
_IDLE_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Response:
    """A status with a body: bytes, or pieces that are sent as they come."""

    status: int = 200
    body: bytes | AsyncIterator[bytes] = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Awaitable[Response]]


def listen(port: int) -> socket.socket:
    """A socket on all of the pod's addresses, of both families where the kernel has both.

    OSError naming the port when it is taken.
    """
    try:
        return socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=128)
    except (OSError, ValueError) as unavailable:
        if isinstance(unavailable, OSError) and unavailable.errno == errno.EADDRINUSE:
            raise OSError(errno.EADDRINUSE, f"port {port} is taken by another program of this pod") from None
        return socket.create_server(("0.0.0.0", port), backlog=128)  # noqa: S104 -- kubelet calls from outside


async def serve(handler: Handler, listener: socket.socket) -> asyncio.Server:
    """Starts to serve; the caller closes the server."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _connection(handler, reader, writer)
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            log.debug("connection ended early", exc_info=True)
        finally:
            writer.close()

    return await asyncio.start_server(connected, sock=listener, limit=_HEAD_LIMIT)


async def _connection(handler: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    keep_alive = True
    while keep_alive:
        try:
            async with asyncio.timeout(_IDLE_SECONDS):
                request = await _read(reader, _from_loopback(writer))
        except HttpError as error:
            await _send(writer, Response(400, f"{error}\n".encode()), keep_alive=False)
            return
        if request is None:
            return
        response = await _handled(handler, request)
        keep_alive = request.keep_alive and response.headers.get("Connection") != "close"
        await _send(writer, response, keep_alive)


async def _handled(handler: Handler, request: Request) -> Response:
    try:
        return await handler(request)
    except Exception:  # a bug in one handler must not take the readiness of the pod with it
        log.exception("%s %s failed", request.method, request.path)
        return Response(500, b"internal error: see the log\n")


async def _read(reader: asyncio.StreamReader, from_loopback: bool) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    request = parse_request(head)
    length = content_length(request.headers) or 0
    if length > _BODY_LIMIT or "transfer-encoding" in request.headers:
        raise HttpError(f"a body must have a Content-Length of at most {_BODY_LIMIT} bytes")
    body = await reader.readexactly(length) if length else b""
    return dataclasses.replace(request, body=body, from_loopback=from_loopback)


def _from_loopback(writer: asyncio.StreamWriter) -> bool:
    address = ipaddress.ip_address(writer.get_extra_info("peername")[0].partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


async def _send(writer: asyncio.StreamWriter, response: Response, keep_alive: bool) -> None:
    headers = {"Content-Type": "text/plain; charset=utf-8", **response.headers}
    if not keep_alive:
        headers["Connection"] = "close"
    if isinstance(response.body, bytes):
        headers["Content-Length"] = str(len(response.body))
        writer.write(response_head(response.status, headers) + response.body)
    else:
        headers["Transfer-Encoding"] = "chunked"
        writer.write(response_head(response.status, headers))
        async for piece in response.body:
            if piece:
                writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                await writer.drain()
        writer.write(b"0\r\n\r\n")
    await writer.drain()
