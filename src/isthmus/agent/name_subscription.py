"""The agent's own subscription to the name table, over incremental ADS.

Knows: one resource type, and that streams end and come back. Does not know names.
The last table stays in use while the control plane cannot be reached.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from grpclib.client import StreamStreamMethod
from grpclib.exceptions import GRPCError, ProtocolError, StreamTerminatedError

from isthmus.agent.grpc_channel import credentials, open_channel
from isthmus.agent.messages.discovery import DeltaRequest, DeltaResponse
from isthmus.agent.messages.names import NAME_TABLE_TYPE, NameInfo, decode_name_table
from isthmus.agent.messages.wire import WireError
from isthmus.agent.renewal import retry_delays

if TYPE_CHECKING:
    from isthmus.agent.settings import Upstream

log = logging.getLogger("dns")

_METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"

Names = dict[str, NameInfo]


class NameSubscription:
    """Calls ``changed`` with each table that the control plane sends. ``node`` is an encoded ``Node``."""

    def __init__(self, upstream: Upstream, token: Path, node: bytes, changed: Callable[[Names], None]) -> None:
        self._upstream = upstream
        self._token = token
        self._node = node
        self._changed = changed

    async def run(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Subscribes for ever; what ends a stream is tried again, soon at first."""
        delays = retry_delays(0.1, 10.0, random.random)
        while True:
            try:
                if await self._stream():
                    delays = retry_delays(0.1, 10.0, random.random)
            except (GRPCError, OSError, TimeoutError, StreamTerminatedError, ProtocolError, WireError) as error:
                log.debug("name table stream ended: %s", error)
            await sleep(next(delays))

    async def _stream(self) -> bool:
        """One stream until its end; whether a table arrived on it."""
        channel = open_channel(self._upstream)
        method = StreamStreamMethod[DeltaRequest, DeltaResponse](channel, _METHOD, DeltaRequest, DeltaResponse)
        received = False
        try:
            async with method.open(metadata=credentials(self._upstream, self._token)) as stream:
                await stream.send_message(DeltaRequest(NAME_TABLE_TYPE, node=self._node))
                async for response in stream:
                    self._take(response)
                    received = True
                    await stream.send_message(DeltaRequest(NAME_TABLE_TYPE, nonce=response.nonce))
        finally:
            channel.close()
        return received

    def _take(self, response: DeltaResponse) -> None:
        for resource in response.resources:
            names = decode_name_table(resource.body)
            log.debug("name table of %d hosts", len(names))
            self._changed(names)
