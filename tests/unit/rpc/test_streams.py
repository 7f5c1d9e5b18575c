"""Messages over HTTP/2 as a client meets them: cut anywhere, through small windows, and clients that are gone."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from grpclib.const import Cardinality, Handler
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, PingReceived, StreamEnded, TrailersReceived, WindowUpdated
from h2.settings import SettingCodes

from isthmus.rpc import framing
from isthmus.rpc.server import Keepalive, RpcServer
from isthmus.rpc.statuses import statuses

HEADERS = [
    (":method", "POST"),
    (":scheme", "http"),
    (":path", "/test.Echo/Echo"),
    (":authority", "test"),
    ("content-type", "application/grpc"),
    ("te", "trailers"),
]
LIMIT = 2**20


class Echo:
    """Sends every message back; takes those that begin with ``!`` or ``?`` where they are read, if it is offered
    them, and says nothing to the latter.
    """

    def __init__(self) -> None:
        self.taken = 0

    def __mapping__(self) -> dict[str, Handler]:
        return {"/test.Echo/Echo": Handler(self._echo, Cardinality.STREAM_STREAM, bytes, bytes)}

    async def _echo(self, stream: Any) -> None:
        def taker(body: bytes) -> bool:
            if not body.startswith((b"!", b"?")):
                return False
            self.taken += 1
            if body.startswith(b"!"):
                framing.put(stream, message(body))
            return True

        with statuses(lambda _: None):
            await stream.send_initial_metadata()
            while (body := await framing.read(stream, LIMIT, taker=taker)) is not None:
                data = message(body)
                await framing.write(stream, data, framing.put(stream, data))


class Peer:
    """A client whose every frame the test decides."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, window: int, echo: Echo) -> None:
        self.reader, self.writer = reader, writer
        self.echo = echo
        self.h2 = H2Connection(H2Configuration(client_side=True))
        self.h2.initiate_connection()
        self.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: window})
        self.h2.send_headers(1, HEADERS)
        self.echoed = b""
        self.status = ""

    def send(self, cut: int = 0) -> None:
        """What h2 has to say, in segments of so many bytes."""
        data = self.h2.data_to_send()
        for start in range(0, len(data), cut or len(data) or 1):
            self.writer.write(data[start : start + (cut or len(data))])

    async def until(self, done: Callable[[Any], bool], *, answer: bool = True) -> None:
        """Reads until an event, giving the server new credit for what came."""
        while data := await self.reader.read(65536):
            for event in self.h2.receive_data(data):
                if isinstance(event, DataReceived):
                    self.echoed += event.data
                    self.h2.acknowledge_received_data(event.flow_controlled_length, 1)
                if isinstance(event, TrailersReceived):
                    self.status = dict(event.headers or ()).get(b"grpc-status", b"").decode()
                if done(event):
                    return
            if answer:
                self.send()


@asynccontextmanager
async def connected(keepalive: Keepalive | None = None, window: int = 65_535) -> AsyncIterator[Peer]:
    server, echo = RpcServer(keepalive or Keepalive()), Echo()
    port = await server.listen([echo], "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(10):
        yield Peer(reader, writer, window, echo)
    writer.close()
    await server.close()


def message(body: bytes) -> bytes:
    return struct.pack(">?I", False, len(body)) + body


@pytest.mark.parametrize("cut", [0, 1, 7, 20])
@pytest.mark.parametrize("padding", [None, 3])
async def test_messages_arrive_however_they_are_cut(cut: int, padding: int | None) -> None:
    sent = message(b"one") + message(b"") + message(b"x" * 300) + message(b"last")
    async with connected() as peer:
        peer.send()
        for start in range(0, len(sent), 50):
            peer.h2.send_data(1, sent[start : start + 50], pad_length=padding)
        peer.h2.end_stream(1)
        peer.send(cut)
        await peer.until(lambda event: isinstance(event, StreamEnded))
        assert (peer.echoed, peer.status) == (sent, "0")


@pytest.mark.parametrize("cut", [0, 1, 7, 20, 40])
@pytest.mark.parametrize("size", [5, 9, 1000])
async def test_messages_that_are_taken_where_they_are_read_keep_their_place(cut: int, size: int) -> None:
    bodies = [f"{'!' if number % 3 else '.'}{number}".encode() for number in range(40)]
    sent = b"".join(map(message, bodies))
    async with connected() as peer:
        peer.send()
        for start in range(0, len(sent), size):
            peer.h2.send_data(1, sent[start : start + size])
        peer.h2.end_stream(1)
        peer.send(cut)
        await peer.until(lambda event: isinstance(event, StreamEnded))
        assert (peer.echoed, peer.status) == (sent, "0")


async def test_what_is_taken_where_it_is_read_opens_the_windows_again() -> None:
    rounds = 600  # more than twice what fits into the windows
    async with connected() as peer:
        peer.send()
        for _ in range(rounds):
            while peer.h2.local_flow_control_window(1) < 17_000:
                await peer.until(lambda event: isinstance(event, WindowUpdated))
            peer.h2.send_data(1, message(b"."))
            peer.send()
            await peer.until(lambda event: isinstance(event, DataReceived))
            peer.h2.send_data(1, message(b"?" + bytes(16_000)))
            peer.send()
        peer.h2.end_stream(1)
        peer.send()
        await peer.until(lambda event: isinstance(event, StreamEnded))
        assert (peer.echoed, peer.status, peer.echo.taken) == (rounds * message(b"."), "0", rounds)


@pytest.mark.parametrize("window", [10, 1000, 65_535, 2**20])
async def test_long_messages_pass_through_windows_of_any_size(window: int) -> None:
    sent = message(b"a" * (30_000 if window < 1000 else 200_000)) + message(b"end")
    async with connected(window=window) as peer:
        peer.send()
        for start in range(0, len(sent), 16_000):
            while peer.h2.local_flow_control_window(1) < 16_000:
                await peer.until(lambda _: True)
            peer.h2.send_data(1, sent[start : start + 16_000])
            peer.send()
        peer.h2.end_stream(1)
        peer.send()
        await peer.until(lambda event: isinstance(event, StreamEnded))
        assert (peer.echoed == sent, peer.status) == (True, "0")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (message(b"whole") + b"\0\0\0\0\5cut", "3"),
        (b"\1\0\0\0\1x", "12"),
        (struct.pack(">?I", False, LIMIT + 1), "8"),
    ],
    ids=["cut off", "compressed", "too long"],
)
async def test_what_is_no_message_ends_the_stream(sent: bytes, status: str) -> None:
    async with connected() as peer:
        peer.send()
        peer.h2.send_data(1, sent)
        peer.h2.end_stream(1)
        peer.send()
        await peer.until(lambda event: isinstance(event, StreamEnded))
        assert peer.status == status


async def test_a_silent_client_is_asked_and_kept_when_it_answers() -> None:
    async with connected(Keepalive(interval=0.05, timeout=5.0)) as peer:
        peer.send()
        for _ in range(3):
            await peer.until(lambda event: isinstance(event, PingReceived))
            peer.send()
        peer.h2.send_data(1, message(b"here"))
        peer.h2.end_stream(1)
        peer.send()
        await peer.until(lambda event: isinstance(event, StreamEnded))
        assert peer.echoed == message(b"here")


async def test_a_client_that_does_not_answer_is_cut() -> None:
    async with connected(Keepalive(interval=0.05, timeout=0.05)) as peer:
        peer.send()
        await peer.until(lambda event: isinstance(event, PingReceived))
        with pytest.raises(ConnectionError):  # noqa: PT012 - reset, or an end of what was sent before
            while await peer.reader.read(65536):
                pass
            raise ConnectionResetError
