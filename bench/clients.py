"""Delta-ADS clients that subscribe as Envoy does: clusters and listeners by wildcard, endpoints and routes by name, and
virtual hosts by wildcard once a route configuration came without its own.

They acknowledge everything, note when each update of each type arrived, and connect again as Envoy does when a stream
is refused or ends.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from bench.http2 import Call
from isthmus.protos import pb

METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"
_PREFIX = "type.googleapis.com/envoy.config."
CLUSTER = f"{_PREFIX}cluster.v3.Cluster"
ENDPOINT = f"{_PREFIX}endpoint.v3.ClusterLoadAssignment"
LISTENER = f"{_PREFIX}listener.v3.Listener"
ROUTE = f"{_PREFIX}route.v3.RouteConfiguration"
VIRTUAL_HOST = f"{_PREFIX}route.v3.VirtualHost"
VIRTUAL_HOSTS = {"VIRTUAL_HOST_DISCOVERY": "true"}
"""Metadata of proxies that take virtual hosts one by one."""
RETRY = 0.5
"""Seconds until Envoy connects again."""
_BODIES = 16_384


class Update(NamedTuple):
    """One response at one client; ``at`` is ``time.perf_counter``, the same clock in all processes of a machine."""

    at: float
    client: str
    type_url: str
    names: tuple[str, ...]


@dataclass(slots=True)
class Recorder:
    """All updates of all clients, and a way to wait for the ones that one expects."""

    updates: list[Update] = field(default_factory=list)
    bytes: int = 0
    responses: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, update: Update, size: int) -> None:
        """Notes an update."""
        self.updates.append(update)
        self.bytes += size
        self.responses += 1
        self.arrived.set()


class Proxy:
    """One client with a connection of its own."""

    def __init__(
        self, address: str, name: str, namespace: str, recorder: Recorder, *, virtual_hosts: bool = False
    ) -> None:
        self.name = f"{name}.{namespace}"
        self.refused = 0
        self.warm = asyncio.Event()
        self.warm_at = 0.0
        self._recorder = recorder
        self._address = address
        self._node = _node(name, namespace, VIRTUAL_HOSTS if virtual_hosts else {})
        self._call: Call | None = None
        self._reset()

    async def run(self) -> None:
        """Subscribes and acknowledges until cancelled."""
        host, _, port = self._address.rpartition(":")
        while True:
            self._reset()
            try:
                _, self._call = await asyncio.get_running_loop().create_connection(
                    lambda: Call(self._address, METHOD, self._take), host, int(port)
                )
                self._send(CLUSTER, node=self._node)
                await self._call.ended
            except OSError:
                pass
            finally:
                if self._call is not None:
                    self._call.close()
            self.refused += not self.warm.is_set()
            await asyncio.sleep(RETRY)

    def _reset(self) -> None:
        self._known: dict[str, set[str]] = {ENDPOINT: set(), ROUTE: set()}
        self._missing: dict[str, set[str]] = {ENDPOINT: set(), ROUTE: set(), VIRTUAL_HOST: set()}
        self._listeners = False  # asked for
        self._virtual_hosts = False  # asked for
        self.warm.clear()

    def _send(self, type_url: str, **fields: Any) -> None:
        assert self._call is not None
        request = pb("envoy.service.discovery.v3.DeltaDiscoveryRequest")(type_url=type_url, **fields)
        self._call.send(request.SerializeToString())

    def _take(self, body: bytes) -> None:
        at = time.perf_counter()
        response = pb("envoy.service.discovery.v3.DeltaDiscoveryResponse").FromString(body)
        names = tuple([resource.name for resource in response.resources])
        self._recorder.add(Update(at, self.name, response.type_url, names), len(body))
        self._send(response.type_url, response_nonce=response.nonce)
        if response.type_url == CLUSTER:
            self._subscribe(ENDPOINT, _named(response.resources, _endpoints_of), response.removed_resources)
            if not self._listeners:
                self._listeners = True
                self._send(LISTENER)
        elif response.type_url == LISTENER:
            self._subscribe(ROUTE, _named(response.resources, _routes_of), ())
        elif response.type_url == VIRTUAL_HOST:
            of_tables = {name.rpartition("/")[0] for name in (*names, *response.removed_resources)}
            self._missing[VIRTUAL_HOST] -= of_tables
        elif response.type_url in self._missing:
            self._missing[response.type_url].difference_update(names, response.removed_resources)
            if response.type_url == ROUTE:
                self._fill(response.resources)
        if not self.warm.is_set() and response.type_url != CLUSTER and not any(self._missing.values()):
            self._settle(at, response.type_url)

    def _fill(self, tables: Iterable[Any]) -> None:
        """Route configurations without their virtual hosts have them come, asked for once."""
        waiting = {one.name for one in tables if _is_filled_later(one.resource.value)}
        if not self.warm.is_set():
            self._missing[VIRTUAL_HOST] |= waiting
        if waiting and not self._virtual_hosts:
            self._virtual_hosts = True
            self._send(VIRTUAL_HOST)

    def _settle(self, at: float, type_url: str) -> None:
        """Warm: listeners are there, and all endpoints, routes and virtual hosts that were asked for."""
        if type_url == LISTENER or self._known[ROUTE]:
            self.warm_at = at
            self.warm.set()

    def _subscribe(self, type_url: str, names: Iterable[str], gone: Iterable[str]) -> None:
        known = self._known[type_url]
        new = sorted(set(names) - known)
        lost = sorted(set(gone) & known)
        known.update(new)
        known.difference_update(lost)
        if not self.warm.is_set():
            self._missing[type_url].update(new)
        if new or lost:
            self._send(type_url, resource_names_subscribe=new, resource_names_unsubscribe=lost)


def _named(resources: Iterable[Any], find: Any) -> list[str]:
    return sorted({name for resource in resources for name in find(resource.resource.value)})


@lru_cache(_BODIES)
def _endpoints_of(body: bytes) -> tuple[str, ...]:
    """What a cluster asks EDS for. Most clients get the same bytes."""
    cluster = pb("envoy.config.cluster.v3.Cluster").FromString(body)
    return (cluster.eds_cluster_config.service_name or cluster.name,) if cluster.type == 3 else ()


@lru_cache(_BODIES)
def _routes_of(body: bytes) -> tuple[str, ...]:
    """What a listener asks RDS for."""
    hcm = pb("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager")
    listener = pb("envoy.config.listener.v3.Listener").FromString(body)
    found = (
        hcm.FromString(filter_.typed_config.value).rds.route_config_name
        for chain in (*listener.filter_chains, listener.default_filter_chain)
        for filter_ in chain.filters
        if filter_.typed_config.type_url.endswith("HttpConnectionManager")
    )
    return tuple(name for name in found if name)


@lru_cache(_BODIES)
def _is_filled_later(body: bytes) -> bool:
    """Whether virtual hosts of a route configuration are resources of their own."""
    return bool(pb("envoy.config.route.v3.RouteConfiguration").FromString(body).HasField("vhds"))


def _node(name: str, namespace: str, more: Mapping[str, str]) -> Any:
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
            **more,
        }
    )
    domain = f"{namespace}.svc.cluster.local"
    return pb("envoy.config.core.v3.Node")(id=f"sidecar~10.250.0.1~{name}.{namespace}~{domain}", metadata=metadata)
