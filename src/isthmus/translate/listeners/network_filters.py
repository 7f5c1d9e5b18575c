"""Network filters of TCP connections: forwarding to one cluster, or to several by weight."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from isthmus.api.mesh_config import MeshConfig
from isthmus.protos import pb, to_any
from isthmus.translate import names
from isthmus.translate.listeners.access_log import access_logs
from isthmus.translate.values import Fields

TCP_PROXY = "envoy.filters.network.tcp_proxy"


def tcp_proxy(cluster: str, mesh: MeshConfig, *, stat_prefix: str = "", options: Mapping[str, Any] = {}) -> Any:
    """Forwards connections to a cluster; ``options`` are further fields of TcpProxy."""
    return _filter(
        {
            "stat_prefix": names.stat_name(stat_prefix or cluster),
            "cluster": cluster,
            "access_log": access_logs(mesh),
            **options,
        }
    )


def weighted_tcp_proxy(
    weights: Mapping[str, int], mesh: MeshConfig, *, stat_prefix: str, options: Mapping[str, Any] = {}
) -> Any:
    """Spreads connections over clusters by weight."""
    clusters = [{"name": cluster, "weight": weight} for cluster, weight in weights.items()]
    return _filter(
        {
            "stat_prefix": names.stat_name(stat_prefix),
            "weighted_clusters": {"clusters": clusters},
            "access_log": access_logs(mesh),
            **options,
        }
    )


@cache
def original_destination() -> Any:
    """Restores the address that a captured connection was meant for."""
    config = pb("envoy.extensions.filters.listener.original_dst.v3.OriginalDst")()
    return _listener_filter("envoy.filters.listener.original_dst", config)


@cache
def original_source() -> Any:
    """Keeps the client's address towards the application (TPROXY)."""
    config = pb("envoy.extensions.filters.listener.original_src.v3.OriginalSrc")(mark=1337)
    return _listener_filter("envoy.filters.listener.original_src", config)


def tls_inspector(disabled: Any = None, initial_bytes: int = 0) -> Any:
    """Finds out whether a connection begins with TLS, and for whom."""
    fields: Fields = {"initial_read_buffer_size": {"value": initial_bytes}} if initial_bytes else {}
    config = pb("envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector")(**fields)
    return _listener_filter("envoy.filters.listener.tls_inspector", config, disabled)


def http_inspector(disabled: Any = None) -> Any:
    """Finds out whether a connection begins with HTTP."""
    config = pb("envoy.extensions.filters.listener.http_inspector.v3.HttpInspector")()
    return _listener_filter("envoy.filters.listener.http_inspector", config, disabled)


def _listener_filter(name: str, config: Any, disabled: Any = None) -> Any:
    return pb("envoy.config.listener.v3.ListenerFilter")(
        name=name, typed_config=to_any(config), filter_disabled=disabled
    )


def _filter(fields: Fields) -> Any:
    config = pb("envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy")(**fields)
    return pb("envoy.config.listener.v3.Filter")(name=TCP_PROXY, typed_config=to_any(config))
