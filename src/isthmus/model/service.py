"""Services: what one cluster declares, and what the mesh makes of all declarations of one hostname."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Protocol(StrEnum):
    """Application protocol of a port (names as in Istio's port naming convention)."""

    HTTP = "HTTP"
    HTTP2 = "HTTP2"
    GRPC = "GRPC"
    GRPC_WEB = "GRPC-Web"
    HTTP_PROXY = "HTTP_PROXY"
    HTTPS = "HTTPS"
    TLS = "TLS"
    TCP = "TCP"
    MONGO = "Mongo"
    MYSQL = "MySQL"
    REDIS = "Redis"
    UDP = "UDP"
    AUTO = "UnsupportedProtocol"  # nothing declared: sniffed on the wire

    @property
    def is_http(self) -> bool:
        """Routed by HTTP routes (HTTP/1, HTTP/2 and gRPC)."""
        return self in _HTTP

    @property
    def is_http2(self) -> bool:
        """Spoken as HTTP/2 upstream without asking."""
        return self in _HTTP2

    @property
    def is_tls(self) -> bool:
        """Carries the application's own TLS; routed by SNI."""
        return self in (Protocol.HTTPS, Protocol.TLS)


_HTTP = frozenset({Protocol.HTTP, Protocol.HTTP2, Protocol.GRPC, Protocol.GRPC_WEB, Protocol.HTTP_PROXY})
_HTTP2 = frozenset({Protocol.HTTP2, Protocol.GRPC, Protocol.GRPC_WEB})


class ServicePort(msgspec.Struct, frozen=True, order=True):
    """One port of a service; ``target`` is a container port number or name, ``node_port`` 0 when none."""

    name: str
    number: int
    protocol: Protocol
    target: int | str = 0
    node_port: int = 0


class Resolution(StrEnum):
    """How a client finds the endpoints of a service."""

    ENDPOINTS = "endpoints"  # load balanced over known endpoints (EDS)
    HEADLESS = "headless"  # no virtual address: the client's destination address is used
    DNS = "dns"  # the proxy resolves names
    ALIAS = "alias"  # ExternalName: nothing of its own


class ServiceKey(msgspec.Struct, frozen=True, order=True):
    """A Kubernetes Service in one cluster."""

    cluster: str
    namespace: str
    name: str


class ClusterService(msgspec.Struct, frozen=True):
    """One cluster's declaration of a service."""

    key: ServiceKey
    hostname: str
    ports: tuple[ServicePort, ...]
    resolution: Resolution
    cluster_ips: tuple[str, ...] = ()
    external_name: str = ""
    selector: dict[str, str] = {}
    labels: dict[str, str] = {}
    export_to: tuple[str, ...] = ()  # namespaces, "." (own), "*" (all), "~" (none); empty: the mesh's default
    service_accounts: tuple[str, ...] = ()  # SPIFFE ids named by annotations
    created: str = ""  # RFC 3339
    node_local: bool = False  # internalTrafficPolicy: Local
    publish_not_ready: bool = False
    traffic_distribution: str = ""
    load_balancer: tuple[str, ...] = ()  # addresses or hostnames given by the load balancer
    external_ips: tuple[str, ...] = ()
    load_balanced: bool = False  # a load balancer gives it addresses
    gateway_nodes: dict[str, str] | None = None  # NodePort gateway: labels of the nodes that take its traffic


class Service(msgspec.Struct, frozen=True):
    """A hostname of the mesh: all clusters' declarations merged (Istio's namespace sameness).

    Ports, resolution and labels are the first cluster's (own cluster first, then by name);
    the others add their virtual addresses and accounts.
    """

    hostname: str
    name: str
    namespace: str
    ports: tuple[ServicePort, ...]
    resolution: Resolution
    vips: dict[str, tuple[str, ...]]  # cluster → addresses, only clusters that have some
    default_vips: tuple[str, ...]  # the first cluster's
    clusters: tuple[str, ...]  # that declare it, first one first
    labels: dict[str, str] = {}
    export_to: tuple[str, ...] = ("*",)
    service_accounts: tuple[str, ...] = ()
    created: str = ""
    cluster_local: bool = False  # endpoints of other clusters are never used
    node_local: bool = False
    publish_not_ready: bool = False
    traffic_distribution: str = ""
    kubernetes: bool = True  # False: declared by a ServiceEntry
    external: bool = False  # outside the mesh: no auto mTLS

    def addresses(self, cluster: str) -> tuple[str, ...]:
        """The virtual addresses that a client in this cluster uses; empty when headless."""
        return self.vips.get(cluster) or self.default_vips

    def port(self, number: int) -> ServicePort | None:
        """The port with this number."""
        return next((port for port in self.ports if port.number == number), None)
