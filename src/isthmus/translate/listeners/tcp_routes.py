"""Filter chains of TCP: where connections to one service port go."""

from __future__ import annotations

from typing import Any

import msgspec

from isthmus.api.destination_rule import TrafficPolicy
from isthmus.api.mesh_config import MeshConfig
from isthmus.translate import names
from isthmus.translate.listeners.network_filters import tcp_proxy
from isthmus.translate.values import Fields, go_duration


class TcpChains(msgspec.Struct, frozen=True):
    """The chains of a listener: matched ones in order, and the one for all else."""

    default: Any
    matched: tuple[Any, ...] = ()
    by_sni: bool = False  # some chain matches the server name of a TLS handshake


def to_service(hostname: str, port: int, traffic: TrafficPolicy, mesh: MeshConfig) -> TcpChains:
    """Everything goes to the service itself."""
    cluster = names.outbound(hostname, port)
    return TcpChains({"filters": [tcp_proxy(cluster, mesh, options=idle_timeout(traffic))]})


def idle_timeout(traffic: TrafficPolicy) -> Fields:
    """How long a connection may carry nothing; Envoy's default of one hour when the policy is silent."""
    pool = traffic.connection_pool
    text = pool.tcp.idle_timeout if pool and pool.tcp else None
    return {"idle_timeout": go_duration(text)} if text else {}
