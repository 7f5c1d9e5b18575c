"""Gateway: ports that edge proxies open, and for which hosts."""

from __future__ import annotations

from isthmus.api.definition import networking
from isthmus.api.tls import ServerTlsSettings
from isthmus.api.wire import Labels, UInt32, Wire


class Port(Wire, frozen=True, kw_only=True):
    """A port of a proxy.

    number: Port number; the Service's port on a gateway.
    protocol: One of HTTP, HTTPS, HTTP2, GRPC, GRPC-Web, MONGO, TCP, TLS.
    name: Label of the port.
    targetPort: Not used.
    """

    number: UInt32
    protocol: str
    name: str
    target_port: UInt32 = 0


class Server(Wire, frozen=True, kw_only=True):
    """One port that a gateway serves, for some hosts.

    port: Where the proxy listens.
    bind: Address or Unix socket to listen on; the wildcard address when empty.
    hosts: Names served, each `dnsName` or `namespace/dnsName`; the name may begin with `*.`.
    tls: How TLS is handled; required for HTTPS and TLS.
    defaultEndpoint: Not used.
    name: Name of the server, unique in the gateway; it shows in statistics.
    """

    port: Port
    bind: str = ""
    hosts: tuple[str, ...]
    tls: ServerTlsSettings | None = None
    default_endpoint: str = ""
    name: str = ""


class Gateway(Wire, frozen=True, kw_only=True):
    """A load balancer at the edge of the mesh.

    servers: The ports that are opened.
    selector: Labels of the pods that carry this configuration.
    """

    servers: tuple[Server, ...] = ()
    selector: Labels = {}


DEFINITION = networking("Gateway", "gateways", Gateway, ("gw",))
