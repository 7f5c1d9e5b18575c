"""Delta-ADS clients that subscribe as Envoy does: clusters and listeners by wildcard, endpoints and routes by name.

They acknowledge everything and note when each update of each type arrived. grpcio does the transport, so that the
clients cost little beside the server that is measured.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any

import grpc.aio

from isthmus.protos import pb

_METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"
_PREFIX = "type.googleapis.com/envoy.config."
CLUSTER = f"{_PREFIX}cluster.v3.Cluster"
ENDPOINT = f"{_PREFIX}endpoint.v3.ClusterLoadAssignment"
LISTENER = f"{_PREFIX}listener.v3.Listener"
ROUTE = f"{_PREFIX}route.v3.RouteConfiguration"


@dataclass(frozen=True, slots=True)
class Update:
    """One response at one client; ``at`` is ``time.perf_counter``."""

    at: float
    client: str
    type_url: str
    names: tuple[str, ...]
    size: int


@dataclass(slots=True)
class Recorder:
    """All updates of all clients, and a way to wait for the ones that one expects."""

    updates: list[Update] = field(default_factory=list)
    bytes: int = 0
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, update: Update) -> None:
        """Notes an update."""
        self.updates.append(update)
        self.bytes += update.size
        self._arrived.set()

    async def collect(self, type_url: str, name: str, count: int) -> list[Update]:
        """The updates of one resource since the last ``clear``, once ``count`` clients have it."""
        async with asyncio.timeout(20.0):
            while True:
                found = {u.client: u for u in self.updates if u.type_url == type_url and name in u.names}
                if len(found) >= count:
                    return list(found.values())
                self._arrived.clear()
                await self._arrived.wait()

    def clear(self) -> None:
        """Forgets what has arrived."""
        self.updates.clear()


class Proxy:
    """One client with a connection of its own."""

    def __init__(self, address: str, name: str, namespace: str, recorder: Recorder) -> None:
        self.name = f"{name}.{namespace}"
        self._recorder = recorder
        self._address = address
        self._requests: asyncio.Queue[Any] = asyncio.Queue()
        self._node = _node(name, namespace)
        self._known: dict[str, set[str]] = {ENDPOINT: set(), ROUTE: set()}
        self.warm = asyncio.Event()

    async def run(self) -> None:
        """Subscribes and acknowledges until cancelled."""
        options = (("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1))
        async with grpc.aio.insecure_channel(self._address, options=options) as channel:
            call = channel.stream_stream(
                _METHOD,
                request_serializer=lambda message: message.SerializeToString(),
                response_deserializer=bytes,
            )(self._outgoing())
            self._send(CLUSTER, node=self._node)
            async for body in call:
                self._take(time.perf_counter(), body)

    async def _outgoing(self) -> AsyncIterator[Any]:
        while True:
            yield await self._requests.get()

    def _send(self, type_url: str, **fields: Any) -> None:
        self._requests.put_nowait(pb("envoy.service.discovery.v3.DeltaDiscoveryRequest")(type_url=type_url, **fields))

    def _take(self, at: float, body: bytes) -> None:
        response = pb("envoy.service.discovery.v3.DeltaDiscoveryResponse").FromString(body)
        names = tuple(resource.name for resource in response.resources)
        self._recorder.add(Update(at, self.name, response.type_url, names, len(body)))
        self._send(response.type_url, response_nonce=response.nonce)
        if response.type_url == CLUSTER:
            self._subscribe(ENDPOINT, _eds_names(response.resources), response.removed_resources)
            if not self.warm.is_set() and not self._known[ROUTE]:
                self._send(LISTENER)
        elif response.type_url == LISTENER:
            self._subscribe(ROUTE, _route_names(response.resources), ())
            self.warm.set()

    def _subscribe(self, type_url: str, names: Iterable[str], gone: Iterable[str]) -> None:
        known = self._known[type_url]
        new = sorted(set(names) - known)
        lost = sorted(set(gone) & known)
        known.update(new)
        known.difference_update(lost)
        if new or lost:
            self._send(type_url, resource_names_subscribe=new, resource_names_unsubscribe=lost)


def _eds_names(resources: Iterable[Any]) -> list[str]:
    found = []
    for resource in resources:
        cluster = pb("envoy.config.cluster.v3.Cluster").FromString(resource.resource.value)
        if cluster.type == 3:
            found.append(cluster.eds_cluster_config.service_name or cluster.name)
    return found


def _route_names(resources: Iterable[Any]) -> list[str]:
    hcm = pb("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager")
    found = set()
    for resource in resources:
        listener = pb("envoy.config.listener.v3.Listener").FromString(resource.resource.value)
        for chain in (*listener.filter_chains, listener.default_filter_chain):
            for filter_ in chain.filters:
                if filter_.typed_config.type_url.endswith("HttpConnectionManager"):
                    name = hcm.FromString(filter_.typed_config.value).rds.route_config_name
                    found.update({name} if name else ())
    return sorted(found)


def _node(name: str, namespace: str) -> Any:
    metadata = pb("google.protobuf.Struct")()
    metadata.update(
        {
            "NAMESPACE": namespace,
            "CLUSTER_ID": "cluster1",
            "NETWORK": "",
            "LABELS": {"app": "client"},
            "INSTANCE_IPS": "10.250.0.1",
            "ISTIO_VERSION": "1.29.0",
            "PROXY_CONFIG": {},
        }
    )
    domain = f"{namespace}.svc.cluster.local"
    return pb("envoy.config.core.v3.Node")(id=f"sidecar~10.250.0.1~{name}.{namespace}~{domain}", metadata=metadata)
