"""A workload beside the agent, with an HTTP port and a gRPC port."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from agent_control_plane import free_port
from grpclib.const import Cardinality, Handler
from grpclib.server import Server, Stream

from isthmus.agent.grpc_channel import MessageCodec
from isthmus.agent.messages.health import HealthResponse
from isthmus.process.http_messages import Request
from isthmus.process.http_server import Response, serve


@dataclass
class Application:
    """A workload with an HTTP port and a gRPC port."""

    port: int
    grpc_port: int
    paths: list[str]


class Health:
    """``grpc.health.v1``, of which one service is up and another is not."""

    def __mapping__(self) -> dict[str, Handler]:
        check = Handler(self._check, Cardinality.UNARY_UNARY, HealthRequest, HealthResponse)
        return {"/grpc.health.v1.Health/Check": check}

    async def _check(self, stream: Stream[Any, Any]) -> None:
        request = await stream.recv_message()
        await stream.send_message(HealthAnswer(1 if request.service == "up" else 2))


class HealthRequest:
    """Read by the test itself: the agent only writes it."""

    def __init__(self, service: str) -> None:
        self.service = service

    @classmethod
    def decode(cls, encoded: bytes) -> HealthRequest:
        return cls(encoded[2:].decode())


@dataclass
class HealthAnswer:
    status: int

    def encode(self) -> bytes:
        return bytes((8, self.status))


@asynccontextmanager
async def running_application() -> AsyncIterator[Application]:
    paths: list[str] = []

    async def handle(request: Request) -> Response:
        paths.append(request.path)
        bodies = {"/ok": b"fine", "/metrics": b"application_requests_total 7\n# EOF\n"}
        return Response(200, bodies[request.path]) if request.path in bodies else Response(500, b"broken")

    listener = socket.create_server(("127.0.0.1", 0))
    http = await serve(handle, listener)
    grpc_port = free_port()
    grpc = Server([Health()], codec=MessageCodec())
    await grpc.start("127.0.0.1", grpc_port)
    yield Application(listener.getsockname()[1], grpc_port, paths)
    http.close()
    grpc.close()
    await http.wait_closed()
    await grpc.wait_closed()
