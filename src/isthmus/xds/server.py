"""The discovery server: the two ADS methods as gRPC handlers, and the control plane's way to tell of changes.

Knows grpclib's handler mapping and status codes. Does not know listeners and TLS (``rpc.server``), protocols
(``delta``, ``sotw``), nor what is sent.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

from grpclib.const import Cardinality, Handler
from prometheus_client import CollectorRegistry

from isthmus.rpc.credentials import Authenticate, credentials_of
from isthmus.rpc.refusal import Code
from isthmus.rpc.statuses import statuses
from isthmus.xds.connections import Connections
from isthmus.xds.debug import DebugPages, DebugTypes
from isthmus.xds.hub import Hub
from isthmus.xds.metrics import XdsMetrics
from isthmus.xds.resources import Names, ResourceSource, Subscriber
from isthmus.xds.settings import XdsSettings
from isthmus.xds.status import client_configs, syncz
from isthmus.xds.stream import AdsStream
from isthmus.xds.variants import DELTA, SOTW, Variant

_FAREWELL = 2.0


class XdsServer:
    """All ADS streams of this process, over whichever ports they came."""

    def __init__(
        self, source: ResourceSource, pages: DebugPages, registry: CollectorRegistry, settings: XdsSettings
    ) -> None:
        connections = Connections(settings.wake_batch)
        readers = frozenset({settings.system_namespace, *settings.debug_namespaces})
        debug = DebugTypes(pages, readers, lambda: client_configs(connections))
        self._hub = Hub(source, debug, settings, XdsMetrics(registry), connections)

    @property
    def connections(self) -> Connections:
        """The streams that have a subscriber; each has ``id``, ``node``, ``caller``, ``ledgers``, ``connected_at``."""
        return self._hub.connections

    def changed(self, subscriber: Subscriber, changes: Mapping[str, Names]) -> None:
        """Resources of this subscriber may have changed: names per type URL, or ``ALL``.

        Returns at once. Its streams compare with what their clients have and send what differs, newest state only.
        """
        self._hub.version += 1
        self._hub.connections.changed(subscriber, changes)

    def syncz(self, namespace: str = "") -> list[dict[str, Any]]:
        """The body of ``/debug/syncz``."""
        return syncz(self._hub.connections, namespace)

    def service(self, authenticate: Authenticate | None) -> AggregatedDiscovery:
        """The gRPC service for one port; without ``authenticate`` callers stay anonymous (plaintext port)."""
        return AggregatedDiscovery(self._hub, authenticate)

    async def drain(self, seconds: float) -> None:
        """Ends all streams, evenly spread over so many seconds: clients go to another replica.

        A response that is being sent is sent to its end, if its client takes it within another two seconds.
        """
        streams = tuple(self._hub.connections)
        for stream in streams:
            stream.end()
            await asyncio.sleep(seconds / len(streams))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                for stream in streams:
                    await stream.over.wait()


class AggregatedDiscovery:
    """``envoy.service.discovery.v3.AggregatedDiscoveryService``."""

    def __init__(self, hub: Hub, authenticate: Authenticate | None) -> None:
        self._hub = hub
        self._authenticate = authenticate

    def __mapping__(self) -> dict[str, Handler]:
        """The methods, as grpclib wants them."""
        return {
            DELTA.method: Handler(self._delta, Cardinality.STREAM_STREAM, bytes, bytes),
            SOTW.method: Handler(self._sotw, Cardinality.STREAM_STREAM, bytes, bytes),
        }

    async def _delta(self, raw: Any) -> None:
        await self._serve(DELTA, raw)

    async def _sotw(self, raw: Any) -> None:
        await self._serve(SOTW, raw)

    async def _serve(self, variant: Variant, raw: Any) -> None:
        with statuses(self._count):
            caller = await self._authenticate(credentials_of(raw)) if self._authenticate else None
            await raw.send_initial_metadata()
            stream = AdsStream(self._hub, variant, raw, caller)
            await stream.run(self._hub.age_of(stream.number))

    def _count(self, code: Code) -> None:
        self._hub.metrics.refused.labels(code.name).inc()
        if code is Code.INTERNAL:
            self._hub.metrics.internal_errors.inc()
