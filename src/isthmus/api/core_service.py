"""Service: what clients call."""

from __future__ import annotations

from msgspec import field

from isthmus.api.core_meta import CoreMeta
from isthmus.api.wire import Labels, Wire


class ServicePort(Wire, frozen=True, kw_only=True):
    """A port of a service. ``target_port`` is a container port number or name; the own number when None."""

    name: str = ""
    port: int
    protocol: str = "TCP"
    app_protocol: str | None = None
    target_port: int | str | None = None
    node_port: int = 0


class ServiceSpec(Wire, frozen=True, kw_only=True):
    """What a service is."""

    type: str = "ClusterIP"
    ports: tuple[ServicePort, ...] = ()
    cluster_ip: str = field(name="clusterIP", default="")
    cluster_ips: tuple[str, ...] = field(name="clusterIPs", default=())
    selector: Labels = {}
    external_name: str = ""
    external_ips: tuple[str, ...] = field(name="externalIPs", default=())
    internal_traffic_policy: str = ""
    traffic_distribution: str = ""
    publish_not_ready_addresses: bool = False


class IngressPoint(Wire, frozen=True, kw_only=True):
    """One address that a load balancer gave; an IP address or a hostname."""

    ip: str = ""
    hostname: str = ""


class LoadBalancerStatus(Wire, frozen=True, kw_only=True):
    """Addresses that a load balancer gave."""

    ingress: tuple[IngressPoint, ...] = ()


class ServiceStatus(Wire, frozen=True, kw_only=True):
    """What became of a service."""

    load_balancer: LoadBalancerStatus = LoadBalancerStatus()


class Service(Wire, frozen=True, kw_only=True):
    """A service."""

    metadata: CoreMeta
    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()

    @property
    def headless(self) -> bool:
        """Whether it has no virtual address on purpose."""
        return self.spec.cluster_ip == "None"

    @property
    def virtual_addresses(self) -> tuple[str, ...]:
        """Cluster IPs, the primary one first; empty when headless, external or not given yet."""
        several = self.spec.cluster_ips or (self.spec.cluster_ip,)
        return tuple(address for address in several if address and address != "None")

    @property
    def load_balancer_addresses(self) -> tuple[str, ...]:
        """IP address or else hostname of each ingress point."""
        points = self.status.load_balancer.ingress
        return tuple(point.ip or point.hostname for point in points if point.ip or point.hostname)
