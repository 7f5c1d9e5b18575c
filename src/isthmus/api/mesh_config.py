"""MeshConfig: settings of the whole mesh (Istio's ``mesh/v1alpha1/config.proto``).

Knows fields and defaults. Reading and layering texts is in ``mesh_config_layers``.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, field

from isthmus.api.connection_pool import ConnectionPoolSettings, OutlierDetection, TcpKeepalive
from isthmus.api.core_selector import Selector
from isthmus.api.extension_provider import ExtensionProvider
from isthmus.api.http_policy import HttpRetry
from isthmus.api.load_balancing import LocalityLbSetting, ZoneAwareLbSetting
from isthmus.api.proxy_settings import ProxySettings
from isthmus.api.tls import ClientTlsSettings, TlsProtocol
from isthmus.api.wire import Duration, Groups, Struct, Wire

Port = Annotated[int, Meta(ge=1, le=65535)]


class OutboundTraffic(Wire, frozen=True, kw_only=True):
    """What sidecars do with unknown destinations."""

    mode: Literal["REGISTRY_ONLY", "ALLOW_ANY", "ALLOW_ANY_DYNAMIC_DNS"] = "ALLOW_ANY"
    tls: ClientTlsSettings | None = None


class InboundTraffic(Wire, frozen=True, kw_only=True):
    """How sidecars reach their application: by the original address, or by the loopback address."""

    mode: Literal["PASSTHROUGH", "LOCALHOST"] = "PASSTHROUGH"


class ClusterSettings(Wire, frozen=True, kw_only=True):
    """Settings of services; cluster-local ones are never balanced across clusters."""

    cluster_local: bool = False


class ServiceSettings(Wire, frozen=True, kw_only=True):
    """Settings for hosts (exact, ``*.suffix``)."""

    settings: ClusterSettings = ClusterSettings()
    hosts: tuple[str, ...] = ()


class MeshTls(Wire, frozen=True, kw_only=True):
    """TLS parameters of a class of connections."""

    min_protocol_version: TlsProtocol = "TLS_AUTO"
    ecdh_curves: tuple[str, ...] = ()
    cipher_suites: tuple[str, ...] = ()


class CertificateAuthorityData(Wire, frozen=True, kw_only=True):
    """Further roots that workloads trust: PEM text, or a SPIFFE bundle endpoint."""

    at_most_one: ClassVar[Groups] = (("pem", "spiffeBundleUrl"),)

    pem: str = ""
    spiffe_bundle_url: str = ""
    cert_signers: tuple[str, ...] = ()
    trust_domains: tuple[str, ...] = ()


class DefaultTrafficPolicy(Wire, frozen=True, kw_only=True):
    """Settings of connections to services without a DestinationRule of their own."""

    connection_pool: ConnectionPoolSettings | None = None
    outlier_detection: OutlierDetection | None = None


class DefaultProviders(Wire, frozen=True, kw_only=True):
    """Providers used where Telemetry names none."""

    tracing: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    access_logging: tuple[str, ...] = ()


class MeshConfig(Wire, frozen=True, kw_only=True):
    """Settings of the mesh with the built-in defaults. Times are durations; see ``duration.seconds``."""

    trust_domain: str = "cluster.local"
    trust_domain_aliases: tuple[str, ...] = ()
    root_namespace: str = "istio-system"
    default_config: ProxySettings = ProxySettings()

    proxy_listen_port: Port = 15001
    proxy_inbound_listen_port: Port = 15006
    proxy_http_port: int = 0
    connect_timeout: Duration = "10s"
    protocol_detection_timeout: Duration = "0s"
    hbone_idle_timeout: Duration | None = None
    dns_refresh_rate: Duration = "60s"
    tcp_keepalive: TcpKeepalive | None = None
    h2_upgrade_policy: Literal["DO_NOT_UPGRADE", "UPGRADE"] = "DO_NOT_UPGRADE"
    default_http_retry_policy: HttpRetry | None = None
    default_inbound_http_retry_policy: HttpRetry | None = None
    outbound_traffic_policy: OutboundTraffic = OutboundTraffic()
    inbound_traffic_policy: InboundTraffic = InboundTraffic()
    locality_lb_setting: LocalityLbSetting = LocalityLbSetting(enabled=True)
    zone_aware_lb_setting: ZoneAwareLbSetting | None = None
    default_traffic_policy: DefaultTrafficPolicy | None = None
    service_settings: tuple[ServiceSettings, ...] = ()
    path_normalization: Struct | None = None

    enable_auto_mtls: bool = True
    mesh_mtls: MeshTls | None = field(name="meshMTLS", default=None)
    tls_defaults: MeshTls | None = None
    ca_certificates: tuple[CertificateAuthorityData, ...] = ()
    verify_certificate_at_client: bool = True

    default_service_export_to: tuple[str, ...] = ("*",)
    default_virtual_service_export_to: tuple[str, ...] = ("*",)
    default_destination_rule_export_to: tuple[str, ...] = ("*",)
    discovery_selectors: tuple[Selector, ...] = ()
    service_entry_visibility: Struct | None = None
    service_scope_configs: tuple[Struct, ...] = ()

    access_log_file: str = ""
    access_log_format: str = ""
    access_log_encoding: Literal["TEXT", "JSON"] = "TEXT"
    enable_envoy_access_log_service: bool = False
    disable_envoy_listener_log: bool = False
    enable_tracing: bool = False
    enable_prometheus_merge: bool = True
    inbound_cluster_stat_name: str = ""
    outbound_cluster_stat_name: str = ""
    extension_providers: tuple[ExtensionProvider, ...] = ()
    default_providers: DefaultProviders = DefaultProviders()

    ingress_class: str = "istio"
    ingress_service: str = "istio-ingressgateway"
    ingress_selector: str = ""
    ingress_controller_mode: Literal["UNSPECIFIED", "OFF", "DEFAULT", "STRICT"] = "STRICT"
    config_sources: tuple[Struct, ...] = ()
    certificates: tuple[Struct, ...] = ()
    ca: Struct | None = None

    @property
    def trust_domains(self) -> tuple[str, ...]:
        """The trust domain and its aliases, the own one first."""
        return (self.trust_domain, *(alias for alias in self.trust_domain_aliases if alias != self.trust_domain))
