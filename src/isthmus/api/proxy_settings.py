"""Settings of one proxy (Istio's ``mesh/v1alpha1/proxy.proto``): the mesh's ``defaultConfig`` and pod overrides.

Not to be confused with the ProxyConfig kind, which sets three of these fields for chosen workloads.
"""

from __future__ import annotations

from typing import Literal

from isthmus.api.connection_pool import TcpKeepalive
from isthmus.api.tls import ClientTlsSettings
from isthmus.api.wire import Duration, Int32, Labels, Struct, UInt32, Wire

ForwardClientCert = Literal[
    "UNDEFINED", "SANITIZE", "FORWARD_ONLY", "APPEND_FORWARD", "SANITIZE_SET", "ALWAYS_FORWARD_ONLY"
]


class GatewayTopology(Wire, frozen=True, kw_only=True):
    """What stands in front of a gateway."""

    num_trusted_proxies: UInt32 = 0
    forward_client_cert_details: ForwardClientCert = "UNDEFINED"
    proxy_protocol: Struct | None = None


class ProxyImage(Wire, frozen=True, kw_only=True):
    """Which variant of the proxy image runs: ``default``, ``debug``, ``distroless``."""

    image_type: str = ""


class ProxyStatsMatcher(Wire, frozen=True, kw_only=True):
    """Statistics that are kept besides the usual ones."""

    inclusion_prefixes: tuple[str, ...] = ()
    inclusion_suffixes: tuple[str, ...] = ()
    inclusion_regexps: tuple[str, ...] = ()


class RemoteService(Wire, frozen=True, kw_only=True):
    """A service that Envoy reports to."""

    address: str = ""
    tls_settings: ClientTlsSettings | None = None
    tcp_keepalive: TcpKeepalive | None = None


class ProxySettings(Wire, frozen=True, kw_only=True):
    """Settings of a proxy with the built-in defaults. Times are durations; see ``duration.seconds``."""

    config_path: str = "./etc/istio/proxy"
    binary_path: str = "/usr/local/bin/envoy"
    service_cluster: str = "istio-proxy"
    drain_duration: Duration = "45s"
    termination_drain_duration: Duration = "5s"
    discovery_address: str = "istiod.istio-system.svc:15012"
    proxy_admin_port: Int32 = 15000
    status_port: Int32 = 15020
    control_plane_auth_policy: Literal["NONE", "MUTUAL_TLS"] = "MUTUAL_TLS"
    stat_name_length: Int32 = 189
    concurrency: Int32 | None = None
    interception_mode: Literal["REDIRECT", "TPROXY", "NONE"] = "REDIRECT"
    custom_config_file: str = ""
    proxy_bootstrap_template_path: str = ""
    zipkin_address: str = ""
    statsd_udp_address: str = ""
    tracing: Struct | None = None
    envoy_access_log_service: RemoteService | None = None
    envoy_metrics_service: RemoteService | None = None
    proxy_metadata: Labels = {}
    runtime_values: Labels = {}
    extra_stat_tags: tuple[str, ...] = ()
    gateway_topology: GatewayTopology | None = None
    mesh_id: str = ""
    readiness_probe: Struct | None = None
    proxy_stats_matcher: ProxyStatsMatcher | None = None
    hold_application_until_proxy_starts: bool = False
    ca_certificates_pem: tuple[str, ...] = ()
    image: ProxyImage | None = None
    private_key_provider: Struct | None = None
    proxy_headers: Struct | None = None
    file_flush_interval: Duration | None = None
    file_flush_min_size_kb: UInt32 | None = None
    stats_compression: bool | None = None
