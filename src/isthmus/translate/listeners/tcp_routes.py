"""Filter chains of TCP: where connections to one service port go, by VirtualService or straight to the service."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from isthmus.api.config import Config
from isthmus.api.destination import Destination
from isthmus.api.destination_rule import TrafficPolicy
from isthmus.api.mesh_config import MeshConfig
from isthmus.api.selector import matches
from isthmus.api.virtual_service import (
    L4MatchAttributes,
    RouteDestination,
    TlsMatchAttributes,
    VirtualService,
)
from isthmus.translate import names
from isthmus.translate.listeners.chain_matches import distinct
from isthmus.translate.listeners.network_filters import tcp_proxy, weighted_tcp_proxy
from isthmus.translate.routes.destinations import Find, resolve
from isthmus.translate.routes.virtual_service import MESH, Client, for_gateway
from isthmus.translate.values import Fields, go_duration


class TcpChains(msgspec.Struct, frozen=True):
    """The chains of a listener: matched ones in order, and the one for all else."""

    default: Any
    matched: tuple[Any, ...] = ()
    by_sni: bool = False  # some chain matches the server name of a TLS handshake


def to_service(hostname: str, port: int, traffic: TrafficPolicy, mesh: MeshConfig) -> Fields:
    """The chain that sends everything to the service itself."""
    cluster = names.outbound(hostname, port)
    return {"filters": [tcp_proxy(cluster, mesh, options=tcp_options(traffic))]}


def chains(
    service: Config[VirtualService] | None, client: Client, find: Find, default: Fields, mesh: MeshConfig
) -> TcpChains:
    """The chains of one service port: the routes of the VirtualService that apply, before ``default``."""
    if service is None:
        return TcpChains(default)
    tls = tuple(tls_chains(service, client, find, mesh))
    matched: list[Fields] = [*tls]
    for match, destinations in _tcp(service, client):
        filters = forward(destinations, client, find, mesh)
        conditions = _addresses(match)
        if not conditions:
            default = {"filters": filters}
            break
        matched.append({"filter_chain_match": conditions, "filters": filters})
    return TcpChains(default, tuple(distinct(matched)), by_sni=bool(tls))


def tls_chains(service: Config[VirtualService], client: Client, find: Find, mesh: MeshConfig) -> Iterable[Fields]:
    """One chain per TLS route match: by server name."""
    for route in service.spec.tls:
        for match in route.match:
            if _applies(service, match, client):
                yield {
                    "filter_chain_match": {
                        **_addresses(match),
                        "server_names": [name for name in match.sni_hosts if name != "*"],
                        "transport_protocol": "tls",
                    },
                    "filters": forward(route.route, client, find, mesh),
                }


def tcp_destinations(service: Config[VirtualService], client: Client) -> Sequence[RouteDestination]:
    """Where a gateway's TCP server sends everything: the first TCP route that applies."""
    return next((destinations for _, destinations in _tcp(service, client)), ())


def forward(entries: Sequence[RouteDestination], client: Client, find: Find, mesh: MeshConfig) -> list[Any]:
    """The network filter that forwards to one destination, or to several by weight."""
    if len(entries) == 1:
        return [tcp_proxy(_cluster(entries[0].destination, client, find), mesh)]
    weights: dict[str, int] = {}
    for entry in entries:
        if entry.weight > 0:
            cluster = _cluster(entry.destination, client, find)
            weights[cluster] = weights.get(cluster, 0) + entry.weight
    return [weighted_tcp_proxy(weights, mesh, stat_prefix=next(iter(weights)))]


def tcp_options(traffic: TrafficPolicy) -> Fields:
    """Fields of TcpProxy: idle time (Envoy's hour when the policy is silent), and hashing by source address."""
    pool, balancer = traffic.connection_pool, traffic.load_balancer
    text = pool.tcp.idle_timeout if pool and pool.tcp else None
    fields: Fields = {"idle_timeout": go_duration(text)} if text else {}
    if balancer and balancer.consistent_hash and balancer.consistent_hash.use_source_ip:
        fields["hash_policy"] = [{"source_ip": {}}]
    return fields


def _cluster(destination: Destination, client: Client, find: Find) -> str:
    return resolve(destination, find, client.port).cluster


def _tcp(
    service: Config[VirtualService], client: Client
) -> Iterable[tuple[L4MatchAttributes, Sequence[RouteDestination]]]:
    for route in service.spec.tcp:
        for match in route.match or (L4MatchAttributes(),):
            if _applies(service, match, client):
                yield match, route.route


def _applies(service: Config[VirtualService], match: L4MatchAttributes | TlsMatchAttributes, client: Client) -> bool:
    if match.gateways and not for_gateway(match.gateways, service.namespace, client.gateway):
        return False
    if match.port and match.port != client.port:
        return False
    if client.gateway != MESH:
        return True
    if match.source_namespace and match.source_namespace != client.namespace:
        return False
    return matches(match.source_labels, client.labels)


def _addresses(match: L4MatchAttributes | TlsMatchAttributes) -> Fields:
    fields: Fields = {}
    if match.destination_subnets:
        fields["prefix_ranges"] = [_range(text) for text in match.destination_subnets]
    if isinstance(match, L4MatchAttributes) and match.source_subnet:
        fields["source_prefix_ranges"] = [_range(match.source_subnet)]
    return fields


def _range(text: str) -> Fields:
    network = ipaddress.ip_network(text, strict=False)
    return {"address_prefix": str(network.network_address), "prefix_len": {"value": network.prefixlen}}
