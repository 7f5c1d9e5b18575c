"""Names of generated resources (Istio's, which ``istioctl`` and dashboards read).

Hostnames contain no ``|`` and no ``_.``, so the names can be taken apart again.
"""

from __future__ import annotations

BLACK_HOLE = "BlackHoleCluster"
PASSTHROUGH = "PassthroughCluster"
INBOUND_PASSTHROUGH = "InboundPassthroughCluster"
VIRTUAL_OUTBOUND = "virtualOutbound"
VIRTUAL_INBOUND = "virtualInbound"


def outbound(hostname: str, port: int, subset: str = "") -> str:
    """The cluster of a service port, seen from a client."""
    return f"outbound|{port}|{subset}|{hostname}"


def sni(hostname: str, port: int, subset: str = "") -> str:
    """The server name of mesh mTLS to a service port; also its cluster on a gateway that passes by SNI."""
    return f"outbound_.{port}_.{subset}_.{hostname}"


def inbound(port: int) -> str:
    """The cluster of a container port, seen from its own proxy."""
    return f"inbound|{port}||"


def listener(address: str, port: int) -> str:
    """A listener on an address and port."""
    return f"{address}_{port}"


def sniffed_route(hostname: str, port: int) -> str:
    """The route configuration of a service port whose protocol is found on the wire."""
    return f"{hostname}:{port}"


def virtual_host(hostname: str, port: int, *, piecewise: bool = False) -> str:
    """The virtual host of a service port.

    One that is a resource of its own begins with its route configuration's name: Envoy finds the route
    configuration by what precedes the last slash, and takes the virtual host away by its own name.
    """
    return f"{port}/{hostname}:{port}" if piecewise else f"{hostname}:{port}"


def place_of_virtual_host(name: str) -> tuple[str, int] | None:
    """Hostname and port in the name of a virtual host that is a resource of its own; None for other names."""
    table, _, rest = name.partition("/")
    hostname, _, port = rest.rpartition(":")
    return (hostname, int(port)) if port == table and port.isdecimal() and port.isascii() else None


def hostname_of(cluster: str) -> str:
    """The hostname in the name of an outbound or SNI cluster; empty for other clusters."""
    if cluster.startswith("outbound|"):
        return cluster.rpartition("|")[2]
    return cluster.split("_.", 3)[3] if cluster.startswith("outbound_.") and cluster.count("_.") >= 3 else ""


def stat_name(name: str) -> str:
    """The name in statistics: a ``;`` ends it, so that tags can be extracted from names that contain dots."""
    return f"{name};"
