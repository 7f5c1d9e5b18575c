"""Connection limits, keep-alive and outlier detection of a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus.api.connection_pool import ConnectionPoolSettings, OutlierDetection, TcpKeepalive
from isthmus.api.mesh_config import MeshConfig
from isthmus.translate.values import Fields, go_duration, wrapped

_MAX = 0xFFFFFFFF
_ALL: Mapping[str, Any] = {
    "max_connections": wrapped(_MAX),
    "max_pending_requests": wrapped(_MAX),
    "max_requests": wrapped(_MAX),
    "max_retries": wrapped(_MAX),
}
UNLIMITED: Mapping[str, Any] = {"thresholds": [_ALL]}
"""Envoy's own defaults (1,024) are traps for a sidecar; without a policy nothing is limited."""


def circuit_breakers(pool: ConnectionPoolSettings | None) -> Mapping[str, Any]:
    """Thresholds from a connection pool's settings; unset or zero means no limit."""
    if pool is None:
        return UNLIMITED
    found = {
        "max_connections": pool.tcp.max_connections if pool.tcp else 0,
        "max_pending_requests": pool.http.http1_max_pending_requests if pool.http else 0,
        "max_requests": pool.http.http2_max_requests if pool.http else 0,
        "max_retries": pool.http.max_retries if pool.http else 0,
    }
    return {"thresholds": [{**_ALL, **{name: wrapped(value) for name, value in found.items() if value > 0}}]}


def connections(pool: ConnectionPoolSettings | None, mesh: MeshConfig) -> Fields:
    """Time to connect and keep-alive of a cluster's connections."""
    tcp = pool.tcp if pool else None
    keepalive = tcp.tcp_keepalive if tcp and tcp.tcp_keepalive else mesh.tcp_keepalive
    result: Fields = {"connect_timeout": go_duration((tcp and tcp.connect_timeout) or mesh.connect_timeout)}
    if keepalive is not None:
        result["upstream_connection_options"] = {"tcp_keepalive": _keepalive(keepalive)}
    return result


def outlier_detection(settings: OutlierDetection) -> Fields:
    """When endpoints are set aside. Only what is asked for is enforced; success rates never are.

    One endpoint may always be, as Envoy had it when Istio's rules were written: of fewer than ten, the default share
    of 10 % is none, and the only endpoint of a zone would never give way to those of another.
    """
    gateway, server = settings.consecutive_gateway_errors, settings.consecutive_5xx_errors
    result: Fields = {
        "enforcing_success_rate": wrapped(0),
        "enforcing_consecutive_5xx": wrapped(100 if server is None or server > 0 else 0),
        "enforcing_consecutive_gateway_failure": wrapped(100 if gateway else 0),
        "split_external_local_origin_errors": settings.split_external_local_origin_errors,
        "always_eject_one_host": {"value": True},
    }
    if server:
        result["consecutive_5xx"] = wrapped(server)
    if gateway:
        result["consecutive_gateway_failure"] = wrapped(gateway)
    if settings.split_external_local_origin_errors and settings.consecutive_local_origin_failures:
        result["consecutive_local_origin_failure"] = wrapped(settings.consecutive_local_origin_failures)
        result["enforcing_consecutive_local_origin_failure"] = wrapped(100)
        result["enforcing_local_origin_success_rate"] = wrapped(0)
    if settings.interval:
        result["interval"] = go_duration(settings.interval)
    if settings.base_ejection_time:
        result["base_ejection_time"] = go_duration(settings.base_ejection_time)
    if settings.max_ejection_percent > 0:
        result["max_ejection_percent"] = wrapped(settings.max_ejection_percent)
    return result


def _keepalive(settings: TcpKeepalive) -> Fields:
    found: Fields = {}
    if settings.probes:
        found["keepalive_probes"] = wrapped(settings.probes)
    if settings.time:
        found["keepalive_time"] = wrapped(int(go_duration(settings.time)["seconds"]))
    if settings.interval:
        found["keepalive_interval"] = wrapped(int(go_duration(settings.interval)["seconds"]))
    return found
