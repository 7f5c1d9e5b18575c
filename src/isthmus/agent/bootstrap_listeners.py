"""The listeners that Envoy has before the control plane has said a word: statistics and readiness.

Knows: Istio's ports 15090 and 15021 and the paths served there. Does not know who answers.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from isthmus.agent import health
from isthmus.agent.bootstrap_clusters import ADMIN_CLUSTER, AGENT_CLUSTER, socket_address
from isthmus.agent.settings import Settings

_TYPES = "type.googleapis.com/envoy.extensions.filters"


def listeners(settings: Settings) -> list[dict[str, Any]]:
    """Both static listeners, on every family that the pod has."""
    addresses = wildcards(settings.pod.addresses)
    ports = settings.ports
    return [
        _listener(addresses, ports.envoy_prometheus, "stats", _route("/stats/prometheus", ADMIN_CLUSTER)),
        _listener(addresses, ports.envoy_status, "agent", _route(health.PATH, AGENT_CLUSTER)),
    ]


def wildcards(pod_addresses: tuple[str, ...]) -> list[str]:
    """The addresses to listen on: all of each family that the pod has."""
    versions = sorted({ipaddress.ip_address(address).version for address in pod_addresses})
    return ["0.0.0.0" if version == 4 else "::" for version in versions]  # noqa: S104 -- kubelet calls from outside


def _route(prefix: str, cluster: str) -> dict[str, Any]:
    return {"match": {"prefix": prefix}, "route": {"cluster": cluster}}


def _listener(addresses: list[str], port: int, prefix: str, route: dict[str, Any]) -> dict[str, Any]:
    first, *others = addresses
    result: dict[str, Any] = {
        "name": f"{first}_{port}",
        "address": socket_address(first, port),
        "filter_chains": [{"filters": [_connection_manager(prefix, route)]}],
        # Calls by kubelet and scrapers are no load to be limited or counted with the workload's own.
        "ignore_global_conn_limit": True,
    }
    if others:
        result["additional_addresses"] = [{"address": socket_address(other, port)} for other in others]
    return result


def _connection_manager(prefix: str, route: dict[str, Any]) -> dict[str, Any]:
    router = {"@type": f"{_TYPES}.http.router.v3.Router"}
    hosts = [{"name": "backend", "domains": ["*"], "routes": [route]}]
    config = {
        "@type": f"{_TYPES}.network.http_connection_manager.v3.HttpConnectionManager",
        "codec_type": "AUTO",
        "stat_prefix": prefix,
        "route_config": {"virtual_hosts": hosts},
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": router}],
    }
    return {"name": "envoy.filters.network.http_connection_manager", "typed_config": config}
