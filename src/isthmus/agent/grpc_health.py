"""The client of the gRPC health protocol. Knows the one call; does not know why it is made."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from grpclib.client import Channel, UnaryUnaryMethod
from grpclib.exceptions import GRPCError, ProtocolError, StreamTerminatedError
from grpclib.protocol import H2Protocol

from isthmus.agent.grpc_channel import MessageCodec
from isthmus.agent.messages.health import CHECK, HealthRequest, HealthResponse
from isthmus.agent.messages.wire import WireError
from isthmus.agent.probes import exempt_source


class _SourcedChannel(Channel):
    """A channel that calls from the address that the capture rules exempt."""

    async def _create_connection(self) -> H2Protocol:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        connection = socket.socket(family, socket.SOCK_STREAM)
        connection.setblocking(False)
        with contextlib.suppress(OSError):  # a pod without capture rules has no such address and needs none
            connection.bind((exempt_source(self._host), 0))
        try:
            await self._loop.sock_connect(connection, (self._host, self._port))
            _, protocol = await self._loop.create_connection(self._protocol_factory, sock=connection)
        except BaseException:
            connection.close()
            raise
        return protocol


async def serving(host: str, port: int, service: str, seconds: float) -> bool:
    """Whether the service says that it serves; OSError or TimeoutError when nobody answers in time."""
    channel = _SourcedChannel(host, port, codec=MessageCodec())
    try:
        async with asyncio.timeout(seconds):
            method = UnaryUnaryMethod[HealthRequest, HealthResponse](channel, CHECK, HealthRequest, HealthResponse)
            return (await method(HealthRequest(service))).serving
    except (GRPCError, StreamTerminatedError, ProtocolError, WireError) as error:
        raise ConnectionError(f"{host}:{port}: {error}") from None
    finally:
        channel.close()
