"""The discovery server over a whole mesh, whose objects tests change; its listener for HTTP is bound on loopback."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from discovery_plane import Pages, caught_up
from mesh_files import Mesh
from prometheus_client import CollectorRegistry

from isthmus.control_plane.access_review import Account
from isthmus.control_plane.mesh_graph import MeshGraph
from isthmus.control_plane.proxies import ConnectedProxies, in_words_of_streams
from isthmus.model.resource import Resource
from isthmus.protos import pb, to_any
from isthmus.rpc.server import RpcServer
from isthmus.xds.order import LISTENER, VIRTUAL_HOST
from isthmus.xds.resources import resource_of
from isthmus.xds.server import XdsServer
from isthmus.xds.settings import XdsSettings

HTTP = "0.0.0.0_80"


@dataclass
class Loopback:
    """A ``ResourceSource`` that leaves a proxy one listener: no traffic is captured here."""

    proxies: ConnectedProxies
    port: int
    hosts: set[str] = field(default_factory=set)  # names of virtual hosts that were looked for
    on_demand: bool = False  # Envoy's filter that asks for the virtual hosts of requests without a route

    def __getattr__(self, name: str) -> Any:
        return getattr(self.proxies, name)

    def wildcard(self, subscriber: Any, type_url: str) -> Mapping[str, Resource]:
        if type_url == LISTENER:
            return self.named(subscriber, type_url, [HTTP])
        return self.proxies.wildcard(subscriber, type_url)

    def named(self, subscriber: Any, type_url: str, names: Iterable[str]) -> Mapping[str, Resource]:
        if type_url == VIRTUAL_HOST:
            names = set(names)
            self.hosts |= names
        if type_url != LISTENER:
            return self.proxies.named(subscriber, type_url, names)
        found = self.proxies.named(subscriber, type_url, set(names) & {HTTP})
        return {name: self._bound(resource) for name, resource in found.items()}

    def _bound(self, resource: Resource) -> Resource:
        listener = pb("envoy.config.listener.v3.Listener").FromString(resource.body)
        listener.ClearField("bind_to_port")
        listener.address.socket_address.address = "127.0.0.1"
        listener.address.socket_address.port_value = self.port
        if self.on_demand:
            _ask_on_demand(listener)
        return resource_of(resource.name, listener)


def _ask_on_demand(listener: Any) -> None:
    connections = pb("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager")
    kind = "type.googleapis.com/envoy.extensions.filters.http.on_demand.v3.OnDemand"
    extra = {"name": "on demand", "typed_config": {"type_url": kind}}
    for chain in (*listener.filter_chains, listener.default_filter_chain):
        for one in chain.filters:
            if one.typed_config.Is(connections.DESCRIPTOR):
                manager = connections.FromString(one.typed_config.value)
                filters = list(manager.http_filters)
                del manager.http_filters[:]
                manager.http_filters.add(**extra)
                manager.http_filters.extend(filters)
                one.typed_config.CopyFrom(to_any(manager))


async def nothing(_account: Account) -> bool:
    """No account may list Secrets."""
    return False


class MeshPlane:
    """A control plane of one mesh, which may change how it serves proxies that connect from now on."""

    def __init__(self, port: int) -> None:
        self.mesh = Mesh()
        # What is not known would go where the client wanted, which is the listener on loopback, round and round.
        self.mesh.load("mesh: {enableAutoMtls: false, outboundTrafficPolicy: {mode: REGISTRY_ONLY}}")
        self._port = port
        self.rpc = RpcServer()
        self.serve(virtual_host_discovery=True)
        self.mesh.discovery.observe(self._announce)

    async def restart(self, *, virtual_host_discovery: bool) -> None:
        """Another replica takes the place of this one, on the same port."""
        await self.rpc.close()
        self.rpc = RpcServer()
        self.serve(virtual_host_discovery=virtual_host_discovery)
        await self.listen(self._grpc)

    def serve(self, *, virtual_host_discovery: bool) -> None:
        """Streams that come from now on are another replica's, whose settings may differ."""
        graph = SimpleNamespace(
            host=SimpleNamespace(apply=self.mesh.graph.apply),
            sources=self.mesh.sources,
            domain=self.mesh.domain,
            discovery=self.mesh.discovery,
        )
        proxies = ConnectedProxies(
            cast(MeshGraph, graph), lambda: True, nothing, virtual_host_discovery=virtual_host_discovery
        )
        self.source = Loopback(proxies, self._port)
        self.xds = XdsServer(self.source, Pages(), CollectorRegistry(), XdsSettings())

    async def listen(self, port: int = 0) -> int:
        self._grpc = await self.rpc.listen([self.xds.service(None)], "127.0.0.1", port, None)
        return self._grpc

    def settled(self, type_url: str) -> bool:
        """Whether every stream has answered all that there is of a type."""
        streams = tuple(self.xds.connections)
        return bool(streams) and all(caught_up(stream, type_url) for stream in streams)

    @property
    def proxy(self) -> str:
        """The one that is connected."""
        (row,) = self.mesh.sources.proxies.values()
        return row.id

    def _announce(self, changed: Mapping[str, Mapping[str, set[str]]]) -> None:
        for proxy, words in in_words_of_streams(changed):
            self.xds.changed(proxy, words)


def service(name: str, namespace: str, address: str) -> dict[str, Any]:
    """A service in the cluster of the proxies, with port 80 for HTTP."""
    spec = {"clusterIP": address, "ports": [{"name": "http", "port": 80}]}
    return _object("Service", namespace, name) | {"spec": spec}


def places(name: str, namespace: str, port: int) -> dict[str, Any]:
    """Its only endpoint: a port on loopback."""
    endpoint = {"addresses": ["127.0.0.1"], "conditions": {"ready": True}}
    result = _object("EndpointSlice", namespace, f"{name}-1", {"kubernetes.io/service-name": name})
    return result | {"ports": [{"name": "http", "port": port}], "endpoints": [endpoint]}


def config(kind: str, namespace: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """An object of Istio's."""
    return {"kind": kind, "metadata": {"namespace": namespace, "name": name}, "spec": dict(spec)}


def _object(kind: str, namespace: str, name: str, labels: Mapping[str, str] = {}) -> dict[str, Any]:
    return {
        "kind": kind,
        "cluster": "cluster1",
        "metadata": {"namespace": namespace, "name": name, "labels": dict(labels)},
    }
