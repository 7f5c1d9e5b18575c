"""The secret discovery service, for the Envoy beside the agent.

Knows: gRPC streams. Does not know the protocol (``sds_session``) or the secrets' sources.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from typing import Any

from grpclib.const import Cardinality, Handler
from grpclib.server import Server, Stream

from isthmus.agent.grpc_channel import MessageCodec
from isthmus.agent.messages.discovery import DeltaRequest, DeltaResponse, Request, Response
from isthmus.agent.sds_session import DeltaSession, FullSession
from isthmus.agent.secret_store import SecretStore

_SECRETS = "/envoy.service.secret.v3.SecretDiscoveryService"
_AGGREGATED = "/envoy.service.discovery.v3.AggregatedDiscoveryService"

Demand = Callable[[str], None]


class SecretDiscovery:
    """The service's handlers. ``demand`` hears each name that Envoy asks for, so that it can be provided."""

    def __init__(self, store: SecretStore, demand: Demand) -> None:
        self._store = store
        self._demand = demand

    def __mapping__(self) -> Mapping[str, Handler]:
        """The methods, as grpclib wants them."""
        full = Handler(self._full, Cardinality.STREAM_STREAM, Request, Response)
        delta = Handler(self._delta, Cardinality.STREAM_STREAM, DeltaRequest, DeltaResponse)
        return {
            f"{_SECRETS}/StreamSecrets": full,
            f"{_SECRETS}/DeltaSecrets": delta,
            f"{_AGGREGATED}/StreamAggregatedResources": full,
            f"{_AGGREGATED}/DeltaAggregatedResources": delta,
        }

    async def _full(self, stream: Stream[Request, Response]) -> None:
        await self._serve(stream, FullSession())

    async def _delta(self, stream: Stream[DeltaRequest, DeltaResponse]) -> None:
        await self._serve(stream, DeltaSession())

    async def _serve(self, stream: Stream[Any, Any], session: FullSession | DeltaSession) -> None:
        """Answers requests and changes in turn until Envoy ends the stream."""
        with self._store.changes() as changed:
            reading = asyncio.create_task(self._read(stream, session, changed))
            reading.add_done_callback(lambda _: changed.set())
            try:
                while await changed.wait() and not reading.done():
                    changed.clear()
                    response = session.respond(self._store.get)
                    if response is not None:
                        await stream.send_message(response)
            finally:
                reading.cancel()
            await reading

    async def _read(self, stream: Stream[Any, Any], session: Any, changed: asyncio.Event) -> None:
        async for request in stream:
            session.receive(request)
            for name in session.names:
                self._demand(name)
            changed.set()


async def serve(listener: socket.socket, store: SecretStore, demand: Demand) -> Server:
    """Starts to serve; the caller closes the server."""
    server = Server([SecretDiscovery(store, demand)], codec=MessageCodec())
    await server.start(sock=listener)
    return server
