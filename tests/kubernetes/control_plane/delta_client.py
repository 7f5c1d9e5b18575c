"""A delta-ADS client over grpcio that subscribes as Envoy does: it keeps what it is told, now and before.

Clusters and listeners by wildcard, endpoints and routes by the names that those refer to.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any

import grpc
from grpc._cython import cygrpc

from isthmus.protos import pb
from isthmus.xds.order import CLUSTER, ENDPOINT, LISTENER, ROUTE, SECRET
from isthmus.xds.variants import DELTA

SECONDS = 30.0
EDS = 3  # envoy.config.cluster.v3.Cluster.DiscoveryType
MESSAGES = {
    CLUSTER: "envoy.config.cluster.v3.Cluster",
    ENDPOINT: "envoy.config.endpoint.v3.ClusterLoadAssignment",
    LISTENER: "envoy.config.listener.v3.Listener",
    ROUTE: "envoy.config.route.v3.RouteConfiguration",
    SECRET: "envoy.extensions.transport_sockets.tls.v3.Secret",
}
MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
LOCAL_POOL = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1)]


def node(name: str, namespace: str, cluster: str, kind: str = "sidecar", **metadata: Any) -> Any:
    """What the bootstrap of a pod says of it."""
    result = pb("envoy.config.core.v3.Node")(id=f"{kind}~10.250.0.1~{name}.{namespace}~{namespace}.svc.cluster.local")
    labels = {"app": name}
    result.metadata.update(
        {"NAMESPACE": namespace, "CLUSTER_ID": cluster, "LABELS": labels, "PROXY_CONFIG": {}} | metadata
    )
    return result


class Proxy:
    """``resources`` by type and name; ``endpoint_history`` has every set of addresses that a name ever had."""

    def __init__(self, channel: grpc.aio.Channel, who: Any, metadata: Iterable[tuple[str, str]] = ()) -> None:
        self.resources: dict[str, dict[str, Any]] = {kind: {} for kind in MESSAGES}
        self.endpoint_history: dict[str, list[list[str]]] = {}
        self.responses = 0
        self._channel = channel
        self._node = who
        self._metadata = tuple(metadata)
        self._wanted: dict[str, set[str]] = {ENDPOINT: set(), ROUTE: set()}
        self._changed = asyncio.Event()
        self._writing = asyncio.Lock()
        self._call: Any = None
        self._ended = ""

    async def __aenter__(self) -> Proxy:
        self._call = self._channel.stream_stream(DELTA.method, None, None)(metadata=self._metadata)
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._call.cancel()
        self._task.cancel()
        await asyncio.wait((self._task,))

    async def until(self, condition: Callable[[Proxy], object], *, what: str = "") -> None:
        """Waits for the state that a proxy is to reach; the failure shows where it stands."""
        try:
            async with asyncio.timeout(SECONDS):
                while not condition(self):
                    assert not self._ended, f"the stream ended: {self._ended}"
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            state = {name: self.addresses(name) for name in self.resources[ENDPOINT]}
            raise AssertionError(f"{what or 'condition'} did not come true; endpoints: {state}") from None

    async def until_endpoints(self, name: str, *addresses: str) -> None:
        """Waits until a cluster has exactly these endpoints."""
        await self.until(lambda proxy: proxy.addresses(name) == sorted(addresses), what=f"{name} at {addresses}")

    async def ending(self) -> str:
        """Waits for the end of the stream: its code and details."""
        async with asyncio.timeout(SECONDS):
            await asyncio.wait((self._task,))
        return self._ended

    def addresses(self, name: str) -> list[str]:
        """``address:port`` of the endpoints of a cluster."""
        assignment = self.resources[ENDPOINT].get(name)
        return [] if assignment is None else addresses_of(assignment)

    async def send(self, type_url: str, **fields: Any) -> None:
        """One request."""
        request = pb("envoy.service.discovery.v3.DeltaDiscoveryRequest")(type_url=type_url, **fields)
        await self.send_bytes(request.SerializeToString())

    async def send_bytes(self, data: bytes) -> None:
        """Anything at all. grpcio takes one write at a time.

        Past ``write``, which replaces the server's status by one of its own when the stream ends under it.
        """
        async with self._writing:
            await self._call.wait_for_connection()
            with contextlib.suppress(cygrpc.InternalError):  # what reads gets the server's status
                await self._call._cython_call.send_serialized_message(data)

    async def _run(self) -> None:
        try:
            await self.send(CLUSTER, node=self._node)
            while (body := await self._call.read()) is not grpc.aio.EOF:
                await self._take(pb("envoy.service.discovery.v3.DeltaDiscoveryResponse").FromString(body))
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            pass
        finally:
            with contextlib.suppress(asyncio.CancelledError):
                self._ended = f"{(await self._call.code()).name}: {await self._call.details()}"
            self._changed.set()

    async def _take(self, response: Any) -> None:
        self.responses += 1
        known = self.resources[response.type_url]
        for resource in response.resources:
            known[resource.name] = pb(MESSAGES[response.type_url]).FromString(resource.resource.value)
            if response.type_url == ENDPOINT:
                self.endpoint_history.setdefault(resource.name, []).append(addresses_of(known[resource.name]))
        for name in response.removed_resources:
            known.pop(name, None)
            if response.type_url == ENDPOINT:
                self.endpoint_history.setdefault(name, []).append([])
        await self.send(response.type_url, response_nonce=response.nonce)
        await self._follow(response.type_url)
        self._changed.set()

    async def _follow(self, type_url: str) -> None:
        if type_url == CLUSTER:
            clusters = self.resources[CLUSTER].values()
            await self._want(ENDPOINT, {eds_name(cluster) for cluster in clusters if cluster.type == EDS})
            if not self._wanted[ROUTE] and not self.resources[LISTENER]:
                await self.send(LISTENER)
        elif type_url == LISTENER:
            await self._want(ROUTE, route_names(self.resources[LISTENER]))

    async def _want(self, type_url: str, names: set[str]) -> None:
        new, lost = sorted(names - self._wanted[type_url]), sorted(self._wanted[type_url] - names)
        self._wanted[type_url] = names
        for name in lost:
            self.resources[type_url].pop(name, None)
        if new or lost:
            await self.send(type_url, resource_names_subscribe=new, resource_names_unsubscribe=lost)


def addresses_of(assignment: Any) -> list[str]:
    """Of a ``ClusterLoadAssignment``."""
    sockets = (one.endpoint.address.socket_address for group in assignment.endpoints for one in group.lb_endpoints)
    return sorted(f"{socket.address}:{socket.port_value}" for socket in sockets)


def eds_name(cluster: Any) -> str:
    """Under which name a cluster asks for its endpoints."""
    return cluster.eds_cluster_config.service_name or cluster.name


def route_names(listeners: Mapping[str, Any]) -> set[str]:
    """The route configurations that listeners refer to."""
    found = set()
    for listener in listeners.values():
        for chain in (*listener.filter_chains, listener.default_filter_chain):
            for one in chain.filters:
                if one.typed_config.type_url.endswith(MANAGER):
                    found.add(pb(MANAGER).FromString(one.typed_config.value).rds.route_config_name)
    return found - {""}


def secure_channel(target: str, credentials: grpc.ChannelCredentials, host: str) -> grpc.aio.Channel:
    """A connection of its own, to a server that is known by another name than it is reached by."""
    return grpc.aio.secure_channel(target, credentials, [*LOCAL_POOL, ("grpc.ssl_target_name_override", host)])


async def refusal(channel: grpc.aio.Channel, *metadata: tuple[str, str]) -> str:
    """How the server ends a stream because of its headers alone: code and details.

    Nothing is written: grpcio hides the reason when a write meets the end of the stream.
    """
    async with channel:
        call = channel.stream_stream(DELTA.method, None, None)(metadata=metadata)
        async with asyncio.timeout(SECONDS):
            return f"{(await call.code()).name}: {await call.details()}"


@contextlib.asynccontextmanager
async def connected(
    target: str, who: Any, tls: tuple[grpc.ChannelCredentials, str] | None = None, *metadata: tuple[str, str]
) -> AsyncIterator[Proxy]:
    """A proxy with a connection of its own; over TLS when there are credentials and the server's name."""
    channel = secure_channel(target, *tls) if tls else grpc.aio.insecure_channel(target, LOCAL_POOL)
    async with channel, Proxy(channel, who, metadata) as proxy:
        yield proxy
