"""The HTTP server and client against each other, and against what is not HTTP."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.process.http_client import Call, fetch
from isthmus.process.http_messages import HttpError, Request, parse_head, parse_request, request_head
from isthmus.process.http_server import Handler, Response, serve


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = await serve(handler, listener)
    try:
        yield int(listener.getsockname()[1])
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def saying(data: bytes) -> AsyncIterator[int]:
    """A server that says this, whatever it is asked."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await server.wait_closed()


async def test_a_request_arrives_with_path_query_headers_and_body():
    seen: list[Request] = []

    async def handler(request: Request) -> Response:
        seen.append(request)
        return Response(202, b"done", {"X-Answer": "yes"})

    async with serving(handler) as port:
        answer = await fetch(Call("127.0.0.1", port, "/a%20b?x=1&x=2", "POST", {"X-Ask": "why"}), 5)
    assert (answer.status, answer.body, answer.headers["x-answer"]) == (202, b"done", "yes")
    assert (seen[0].method, seen[0].path, seen[0].query) == ("POST", "/a%20b", {"x": ("1", "2")})
    assert seen[0].headers["x-ask"] == "why"
    assert seen[0].from_loopback


async def test_a_streamed_body_arrives_whole():
    async def pieces() -> AsyncIterator[bytes]:
        for index in range(100):
            yield b"%d\n" % index
        yield b""

    async def handler(request: Request) -> Response:
        return Response(200, pieces())

    async with serving(handler) as port:
        answer = await fetch(Call("127.0.0.1", port, "/"), 5)
    assert answer.body.split() == [b"%d" % index for index in range(100)]


async def test_a_connection_serves_several_requests():
    async def handler(request: Request) -> Response:
        return Response(200, request.path.encode() + request.body)

    async with serving(handler) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /1 HTTP/1.1\r\nContent-Length: 2\r\n\r\nxyGET /2 HTTP/1.1\r\nConnection: close\r\n\r\n")
        said = await reader.read()
        writer.close()
        await writer.wait_closed()
    assert said.index(b"/1xy") < said.index(b"/2")
    assert said.count(b"HTTP/1.1 200 OK") == 2


async def test_a_handlers_bug_ends_in_500_and_the_server_lives_on(caplog):
    async def handler(request: Request) -> Response:
        if request.path == "/bad":
            raise RuntimeError("a bug")
        return Response(200)

    async with serving(handler) as port:
        assert (await fetch(Call("127.0.0.1", port, "/bad"), 5)).status == 500
        assert (await fetch(Call("127.0.0.1", port, "/good"), 5)).status == 200
    assert "GET /bad failed" in caplog.text


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_answered_with_400(data):
    async def handler(request: Request) -> Response:
        return Response(200)

    async with serving(handler) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(data)
        said = await reader.read()
        writer.close()
        await writer.wait_closed()
    assert said.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
    ],
)
async def test_a_broken_answer_is_an_error(data):
    async with saying(data) as port:
        with pytest.raises(HttpError):
            await fetch(Call("127.0.0.1", port, "/"), 5)


async def test_bodies_by_chunks_and_by_the_connections_end_are_read():
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    for data in (chunked, b"HTTP/1.0 200 OK\r\n\r\nabcde"):
        async with saying(data) as port:
            assert (await fetch(Call("127.0.0.1", port, "/"), 5)).body == b"abcde"


async def test_a_long_body_is_cut_at_the_limit():
    async with saying(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 1000) as port:
        assert (await fetch(Call("127.0.0.1", port, "/"), 5, body_limit=10)).body == b"x" * 10


def test_a_line_break_cannot_leave_its_header_field():
    with pytest.raises(HttpError, match="line break"):
        request_head("GET", "/", {"X": "a\r\nInjected: yes"})


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_parsers(data):
    for parse in (parse_request, parse_head):
        try:
            parse(data)
        except ValueError:
            continue
