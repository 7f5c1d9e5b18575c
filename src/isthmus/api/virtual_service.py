"""VirtualService: how requests for some hosts are routed.

HTTP routes are in ``http_route``; this file holds the kind and its TLS and TCP routes.
"""

from __future__ import annotations

import msgspec

from isthmus.api.definition import AGE, Column, networking
from isthmus.api.destination import Destination
from isthmus.api.http_route import HttpRoute
from isthmus.api.wire import Int32, Labels, UInt32, Wire


class RouteDestination(Wire, frozen=True, kw_only=True):
    """Where connections go.

    destination: The service.
    weight: Share of the connections; relative to the other destinations.
    """

    destination: Destination
    weight: Int32 = 0


class L4MatchAttributes(Wire, frozen=True, kw_only=True):
    """Conditions on a TCP connection; all must hold.

    destinationSubnets: Addresses or ranges of the destination.
    port: Port of the destination.
    sourceSubnet: Address or range of the client.
    sourceLabels: Labels of the client's workload.
    gateways: Gateways that this condition is for.
    sourceNamespace: Namespace of the client's workload.
    """

    destination_subnets: tuple[str, ...] = ()
    port: UInt32 = 0
    source_subnet: str = ""
    source_labels: Labels = {}
    gateways: tuple[str, ...] = ()
    source_namespace: str = ""


class TlsMatchAttributes(Wire, frozen=True, kw_only=True):
    """Conditions on a TLS connection that is not ended here; all must hold.

    sniHosts: Server names, one of which the client must ask for.
    destinationSubnets: Addresses or ranges of the destination.
    port: Port of the destination.
    sourceLabels: Labels of the client's workload.
    gateways: Gateways that this condition is for.
    sourceNamespace: Namespace of the client's workload.
    """

    sni_hosts: tuple[str, ...]
    destination_subnets: tuple[str, ...] = ()
    port: UInt32 = 0
    source_labels: Labels = {}
    gateways: tuple[str, ...] = ()
    source_namespace: str = ""


class TlsRoute(Wire, frozen=True, kw_only=True):
    """A route for TLS connections that are passed through.

    match: The route applies when any of these holds.
    route: Where the connection goes.
    """

    match: tuple[TlsMatchAttributes, ...]
    route: tuple[RouteDestination, ...] = ()


class TcpRoute(Wire, frozen=True, kw_only=True):
    """A route for TCP connections.

    match: The route applies when any of these holds; always when empty.
    route: Where the connection goes.
    """

    match: tuple[L4MatchAttributes, ...] = ()
    route: tuple[RouteDestination, ...] = ()


class VirtualService(Wire, frozen=True, kw_only=True):
    """Routes for some hosts.

    hosts: Names that clients call; short names are completed with the object's own namespace.
    gateways: Gateways (`namespace/name`) that use these routes, and `mesh` for sidecars; `mesh` when empty.
    http: Routes for HTTP, the first match wins.
    tls: Routes for TLS that is passed through, the first match wins.
    tcp: Routes for TCP, the first match wins.
    exportTo: Namespaces that see this object; `.` is the own one, `*` all.
    """

    hosts: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    http: tuple[HttpRoute, ...] = ()
    tls: tuple[TlsRoute, ...] = ()
    tcp: tuple[TcpRoute, ...] = ()
    export_to: tuple[str, ...] = ()


DEFINITION = msgspec.structs.replace(
    networking("VirtualService", "virtualservices", VirtualService, ("vs",)),
    columns=(
        Column(name="Gateways", path=".spec.gateways", description="Gateways that use these routes."),
        Column(name="Hosts", path=".spec.hosts", description="Names that clients call."),
        AGE,
    ),
)
