"""What a listener's filter chains match and where they lead, in Istio's words.

Knows the connection manager and the TCP proxy (``istioctl/pkg/writer/envoy/configdump/listener.go``).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from isthmus.cli.envoy.dump import Json, joined
from isthmus.cli.envoy.route_words import path_words

_HTTP_MANAGER = "envoy.filters.network.http_connection_manager"
_TCP_PROXY = "envoy.filters.network.tcp_proxy"
_BLACK_HOLE = "BlackHoleCluster"

_PROTOCOL_GROUPS = {
    ("http/1.0", "http/1.1", "h2c"): "App: HTTP",
    ("istio", "istio-http/1.0", "istio-http/1.1", "istio-h2"): "App: Istio HTTP Plain",
    ("http/1.0", "http/1.1", "h2c", "istio-http/1.0", "istio-http/1.1", "istio-h2"): "App: HTTP TLS",
    ("istio-peer-exchange", "istio"): "App: TCP TLS",
}


class ChainWords(msgspec.Struct, frozen=True):
    """One filter chain: what it matches, and where it leads."""

    match: str
    destination: str


def chain_words(listener: Json) -> Iterator[ChainWords]:
    """All filter chains of a listener, the default one last."""
    default = listener.get("default_filter_chain")
    for chain in (*listener.get("filter_chains", ()), *((default,) if default else ())):
        yield ChainWords(_match_words(chain.get("filter_chain_match") or {}), destination(chain.get("filters", ())))


def destination(filters: Iterator[Json] | list[Json] | tuple[Json, ...]) -> str:
    """Where the first connection manager or TCP proxy among the filters leads; a black hole counts as neither."""
    for entry in filters:
        config = entry.get("typed_config", {})
        if entry.get("name") == _HTTP_MANAGER:
            return _http_words(config)
        if entry.get("name") == _TCP_PROXY and config.get("cluster") != _BLACK_HOLE:
            return _tcp_words(config)
    return "Non-HTTP/Non-TCP"


def is_http(listener: Json) -> bool:
    """Whether any chain speaks HTTP."""
    return any(entry.get("name") == _HTTP_MANAGER for entry in _filters(listener))


def is_tcp(listener: Json) -> bool:
    """Whether any chain carries plain TCP."""
    return any(
        entry.get("name") == _TCP_PROXY and entry.get("typed_config", {}).get("cluster") != _BLACK_HOLE
        for entry in _filters(listener)
    )


def _filters(listener: Json) -> Iterator[Json]:
    default = listener.get("default_filter_chain")
    for chain in (*listener.get("filter_chains", ()), *((default,) if default else ())):
        yield from chain.get("filters", ())


def _match_words(match: Json) -> str:
    words = []
    if names := match.get("server_names"):
        words.append(f"SNI: {joined(names)}")
    if transport := match.get("transport_protocol"):
        words.append(f"Trans: {transport}")
    if protocols := match.get("application_protocols"):
        words.append(_PROTOCOL_GROUPS.get(tuple(protocols)) or f"App: {joined(protocols)}")
    if address := _address_words(match):
        words.append(address)
    return "; ".join(words) or "ALL"


def _address_words(match: Json) -> str:
    port = f":{match['destination_port']}" if "destination_port" in match else ""
    ranges = [f"{entry['address_prefix']}/{entry.get('prefix_len', 0)}" for entry in match.get("prefix_ranges", ())]
    if ranges:
        return f"Addr: {joined(ranges)}{port}"
    return f"Addr: *{port}" if port else ""


def _http_words(config: Json) -> str:
    if inline := config.get("route_config"):
        return _inline_words(inline)
    name = config.get("rds", {}).get("route_config_name")
    return f"Route: {name}" if name else "HTTP"


def _tcp_words(config: Json) -> str:
    cluster = str(config.get("cluster", ""))
    if cluster:
        return cluster_words(cluster)
    weighted = config.get("weighted_clusters", {}).get("clusters", ())
    return f"Clusters: {joined(entry['name'] for entry in weighted)}" if weighted else "TCP"


def cluster_words(name: str) -> str:
    """Special clusters (``PassthroughCluster``) speak for themselves."""
    return name if "Cluster" in name else f"Cluster: {name}"


def _inline_words(routes: Json) -> str:
    hosts = routes.get("virtual_hosts", ())
    cluster = _only_cluster(hosts)
    if cluster:
        return cluster_words(cluster)
    return f"Inline Route: {joined((_host_words(host) for host in hosts), '; ')}"


def _only_cluster(hosts: tuple[Json, ...] | list[Json]) -> str:
    """The cluster to which everything goes, if there is one."""
    if len(hosts) != 1 or list(hosts[0].get("domains", ())) != ["*"] or len(hosts[0].get("routes", ())) != 1:
        return ""
    route = hosts[0]["routes"][0]
    return str(route.get("route", {}).get("cluster", "")) if route.get("match", {}).get("prefix") == "/" else ""


def _host_words(host: Json) -> str:
    domains = "" if list(host.get("domains", ())) == ["*"] else joined(host.get("domains", ()), "/")
    return f"{domains} {joined((path_words(route.get('match', {})) for route in host.get('routes', ())), ', ')}".strip()
