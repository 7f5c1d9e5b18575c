"""HTTP towards a service: which version, and limits of HTTP connections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus.api.mesh_config import MeshConfig
from isthmus.model.service import Protocol
from isthmus.protos import pb, to_any
from isthmus.translate.upstream import Target
from isthmus.translate.values import Fields, go_duration, wrapped
from isthmus.translate.views import ClusterView

KEY = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

_SPREAD: Mapping[str, Any] = {"max_requests_per_connection": wrapped(50), "max_connection_duration": {"seconds": 10}}
"""Limits of connections to workloads that may be behind a gateway, where no rule sets its own.

A gateway that passes mTLS on chooses a workload for each connection, so a connection that lives on keeps new workloads
without work, and keeps a gateway that wants to leave. Envoy renews a connection without harm to its requests. A
handshake costs about as much as five requests: one for fifty is little, and a client at 50 requests per second meets a
new workload within a second. The duration is for clients that ask less; gateways wait longer for connections to end.
"""


def speaks_http2(target: Target, mesh: MeshConfig) -> bool:
    """Whether HTTP/2 is spoken without asking: declared by the port, or by an upgrade policy.

    A rule's own policy counts for a port of any protocol: who writes it knows what listens there (Istio).
    """
    protocol = target.port.protocol
    if protocol.is_http2:
        return True
    if _keeps_client_protocol(target):
        return False
    pool = target.traffic.connection_pool
    policy = pool.http.h2_upgrade_policy if pool and pool.http else "DEFAULT"
    if policy == "DEFAULT":
        return protocol is Protocol.HTTP and mesh.h2_upgrade_policy == "UPGRADE"
    return policy == "UPGRADE"


def follows_client(view: ClusterView, target: Target) -> bool:
    """Whether the client's HTTP version is kept: when a policy says so, and when the protocol is sniffed."""
    return _keeps_client_protocol(target) or (view.sidecar and target.port.protocol is Protocol.AUTO)


def protocol_options(view: ClusterView, target: Target, mesh: MeshConfig) -> Fields:
    """The extension options of a cluster; empty when Envoy's defaults (HTTP/1.1) fit."""
    fields = _versions(view, target, mesh) | _common(view, target) | _names(target)
    if not fields:
        return {}
    if not fields.keys() & {"explicit_http_config", "use_downstream_protocol_config"}:
        fields["explicit_http_config"] = {"http_protocol_options": {}}
    return {KEY: to_any(pb(KEY)(**fields))}


def _versions(view: ClusterView, target: Target, mesh: MeshConfig) -> Fields:
    pool = target.traffic.connection_pool
    streams = pool.http.max_concurrent_streams if pool and pool.http else 0
    http2: dict[str, Any] = {"max_concurrent_streams": wrapped(streams)} if streams > 0 else {}
    if follows_client(view, target):
        return {"use_downstream_protocol_config": {"http_protocol_options": {}, "http2_protocol_options": http2}}
    if speaks_http2(target, mesh):
        return {"explicit_http_config": {"http2_protocol_options": http2}}
    return {}


def _common(view: ClusterView, target: Target) -> Fields:
    pool = target.traffic.connection_pool
    fields: Fields = dict(_SPREAD) if _is_http(target) and target.upstream.behind_gateways(view.network) else {}
    if pool and pool.http and pool.http.idle_timeout:
        fields["idle_timeout"] = go_duration(pool.http.idle_timeout)
    if pool and pool.http and pool.http.max_requests_per_connection > 0:
        fields["max_requests_per_connection"] = wrapped(pool.http.max_requests_per_connection)
    if pool and pool.tcp and pool.tcp.max_connection_duration:
        fields["max_connection_duration"] = go_duration(pool.tcp.max_connection_duration)
    return {"common_http_protocol_options": fields} if fields else {}


def _names(target: Target) -> Fields:
    tls = target.traffic.tls
    if tls is None or tls.mode not in ("SIMPLE", "MUTUAL") or tls.sni or not _is_http(target):
        return {}
    options = {"auto_sni": True}
    if not tls.subject_alt_names and not tls.insecure_skip_verify:
        options["auto_san_validation"] = True
    return {"upstream_http_protocol_options": options}


def _keeps_client_protocol(target: Target) -> bool:
    pool = target.traffic.connection_pool
    return bool(pool and pool.http and pool.http.use_client_protocol)


def _is_http(target: Target) -> bool:
    return target.port.protocol.is_http or target.port.protocol is Protocol.AUTO
