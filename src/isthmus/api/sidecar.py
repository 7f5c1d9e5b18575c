"""Sidecar: what a workload's proxy accepts and may reach."""

from __future__ import annotations

from typing import Literal

from isthmus.api.connection_pool import ConnectionPoolSettings
from isthmus.api.definition import networking
from isthmus.api.destination import Destination
from isthmus.api.selector import WorkloadSelector
from isthmus.api.tls import ServerTlsSettings
from isthmus.api.wire import UInt32, Wire

CaptureMode = Literal["DEFAULT", "IPTABLES", "NONE"]
OutboundMode = Literal["REGISTRY_ONLY", "ALLOW_ANY"]


class SidecarPort(Wire, frozen=True, kw_only=True):
    """A port of a sidecar.

    number: Port number.
    protocol: Protocol name.
    name: Label of the port.
    targetPort: Not used.
    """

    number: UInt32 = 0
    protocol: str = ""
    name: str = ""
    target_port: UInt32 = 0


class IngressListener(Wire, frozen=True, kw_only=True):
    """A port on which the workload is reached.

    port: The port.
    bind: Address to listen on.
    captureMode: How traffic gets to the proxy.
    defaultEndpoint: Where traffic goes: `127.0.0.1:PORT`, `[::1]:PORT`, `0.0.0.0:PORT`, `[::]:PORT`, `unix:///path`.
    tls: TLS of clients outside the mesh.
    connectionPool: Limits of connections to the workload.
    """

    port: SidecarPort
    bind: str = ""
    capture_mode: CaptureMode = "DEFAULT"
    default_endpoint: str = ""
    tls: ServerTlsSettings | None = None
    connection_pool: ConnectionPoolSettings | None = None


class EgressListener(Wire, frozen=True, kw_only=True):
    """Services that the workload may reach.

    port: Only traffic to this port; all others when not set.
    bind: Address or Unix socket to listen on.
    captureMode: How traffic gets to the proxy.
    hosts: Services as `namespace/dnsName`; the namespace may be `*`, `.` or `~`, the name may begin with `*.`.
    """

    port: SidecarPort | None = None
    bind: str = ""
    capture_mode: CaptureMode = "DEFAULT"
    hosts: tuple[str, ...]


class OutboundTrafficPolicy(Wire, frozen=True, kw_only=True):
    """What happens to traffic for unknown destinations.

    mode: ALLOW_ANY lets it pass, REGISTRY_ONLY does not.
    egressProxy: A service that takes it.
    """

    mode: OutboundMode = "REGISTRY_ONLY"
    egress_proxy: Destination | None = None


class Sidecar(Wire, frozen=True, kw_only=True):
    """Configuration of sidecars.

    workloadSelector: Workloads that this is for; the whole namespace when not set.
    ingress: Ports on which the workload is reached; taken from its services when empty.
    egress: Services that the workload may reach; all when empty.
    outboundTrafficPolicy: What happens to traffic for unknown destinations; the mesh's when not set.
    inboundConnectionPool: Limits of connections to the workload.
    """

    workload_selector: WorkloadSelector | None = None
    ingress: tuple[IngressListener, ...] = ()
    egress: tuple[EgressListener, ...] = ()
    outbound_traffic_policy: OutboundTrafficPolicy | None = None
    inbound_connection_pool: ConnectionPoolSettings | None = None


DEFINITION = networking("Sidecar", "sidecars", Sidecar)
