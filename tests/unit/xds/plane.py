"""A server over a world of texts, and grpcio clients that speak to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import grpc
from prometheus_client import CollectorRegistry
from world import World

from isthmus.model.identity import Caller
from isthmus.model.resource import Resource
from isthmus.protos import pb
from isthmus.rpc.refusal import Code, Refused
from isthmus.rpc.server import RpcServer
from isthmus.xds.node import Node
from isthmus.xds.resources import ALL, resource_of
from isthmus.xds.server import XdsServer
from isthmus.xds.settings import XdsSettings
from isthmus.xds.variants import DELTA, SOTW

REQUESTS = {
    DELTA: pb("envoy.service.discovery.v3.DeltaDiscoveryRequest"),
    SOTW: pb("envoy.service.discovery.v3.DiscoveryRequest"),
}
RESPONSES = {
    DELTA: pb("envoy.service.discovery.v3.DeltaDiscoveryResponse"),
    SOTW: pb("envoy.service.discovery.v3.DiscoveryResponse"),
}
METADATA = {"NAMESPACE": "shop", "CLUSTER_ID": "cluster1", "ISTIO_VERSION": "1.32.0", "PROXY_CONFIG": {}}


def node(name: str = "web", metadata: Mapping[str, Any] = METADATA, **fields: Any) -> Any:
    result = pb("envoy.config.core.v3.Node")(id=f"sidecar~10.0.0.1~{name}.shop~shop.svc.cluster.local", **fields)
    result.metadata.update(metadata)
    return result


class Source:
    """A ``ResourceSource`` with one subscriber per namespace, as a control plane that shares views has it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.open_: list[str] = []
        self.found_in: dict[str, str] = {}
        self.resumed: list[tuple[str, dict[str, str]]] = []
        self.callers: list[Caller | None] = []
        self.refusal: Refused | None = None
        self._closed = asyncio.Event()

    def open(self, node: Node, caller: Caller | None) -> str:
        if self.refusal:
            raise self.refusal
        self.open_.append(node.namespace)
        self.callers.append(caller)
        return node.namespace

    def close(self, subscriber: Any) -> None:
        self.open_.remove(subscriber)
        self._closed.set()

    async def until_open(self, count: int) -> None:
        """Waits until so many streams are left."""
        async with asyncio.timeout(10):
            while len(self.open_) > count:
                self._closed.clear()
                await self._closed.wait()

    def resume(self, subscriber: Any, type_url: str, versions: Mapping[str, str]) -> None:
        self.resumed.append((type_url, dict(versions)))

    def cluster(self, subscriber: Any) -> str:
        return self.found_in.get(subscriber, "")

    def wildcard(self, subscriber: Any, type_url: str) -> Mapping[str, Resource]:
        if type_url.endswith("Broken"):
            raise RuntimeError("a bug")
        return self.world.wildcard(type_url)

    def named(self, subscriber: Any, type_url: str, names: Iterable[str]) -> Mapping[str, Resource]:
        return self.world.named(type_url, names)


class Pages:
    """Debug pages."""

    identifier = json.dumps({"Component": "istiod", "ID": "istiod-1"})

    def page(self, request: str, namespace: str | None) -> bytes:
        if request.partition("?")[0] not in ("clusterz", "config_dump"):
            raise Refused(Code.INVALID_ARGUMENT, f"there is no page {request!r}")
        return json.dumps([request, namespace]).encode()

    def config_dump(self, proxy: str) -> Mapping[str, Resource]:
        return {"clusters": resource_of("clusters", pb("envoy.admin.v3.ClustersConfigDump")(version_info=proxy))}


class Plane:
    """A running server. ``caller`` is whom everybody is taken for; None: a plaintext port."""

    def __init__(self, settings: XdsSettings | None = None) -> None:
        self.world = World(cds={"a": "1"}, eds={"a": "e"})
        self.source = Source(self.world)
        self.registry = CollectorRegistry()
        self.xds = XdsServer(self.source, Pages(), self.registry, settings or XdsSettings())
        self.rpc = RpcServer()
        self.caller: Caller | None = None
        self.port = 0

    async def start(self, caller: Caller | None = None) -> None:
        async def authenticate(_credentials: Any) -> Caller:
            assert caller is not None
            return caller

        self.port = await self.rpc.listen([self.xds.service(authenticate if caller else None)], "127.0.0.1", 0)

    def put(self, type_url: str, **texts: str) -> None:
        changes = self.world.put(type_url, **texts)
        for subscriber in set(self.source.open_):
            self.xds.changed(subscriber, changes)

    def change_all(self, type_url: str) -> None:
        for subscriber in set(self.source.open_):
            self.xds.changed(subscriber, {type_url: ALL})


class Stream:
    """A grpcio client's stream."""

    def __init__(self, port: int, variant: Any = DELTA, channel: Any = None, **options: Any) -> None:
        self.variant = variant
        self.channel = channel or grpc.aio.insecure_channel(
            f"127.0.0.1:{port}", [("grpc.use_local_subchannel_pool", 1)]
        )
        self.call = self.channel.stream_stream(variant.method, None, None)(**options)

    async def __aenter__(self) -> Stream:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.call.cancel()
        await self.channel.close()

    async def send(self, **fields: Any) -> None:
        await self.call.write(REQUESTS[self.variant](**fields).SerializeToString())

    async def receive(self) -> Any:
        data = await asyncio.wait_for(self.call.read(), 10)
        assert data is not grpc.aio.EOF, f"the stream ended: {await self.call.code()} {await self.call.details()}"
        return RESPONSES[self.variant].FromString(data)

    async def ask(self, type_url: str, *names: str, **fields: Any) -> Any:
        """First request of a type on this stream; gives its answer."""
        key = "resource_names_subscribe" if self.variant is DELTA else "resource_names"
        await self.send(node=fields.pop("node", node()), type_url=type_url, **{key: names}, **fields)
        return await self.receive()

    async def ending(self) -> tuple[Any, str]:
        """How the server ended it."""
        with contextlib.suppress(grpc.aio.AioRpcError):
            while await asyncio.wait_for(self.call.read(), 10) is not grpc.aio.EOF:
                pass
        return await self.call.code(), await self.call.details()
