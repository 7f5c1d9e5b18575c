"""Servers of Gateways gathered by port: one listener each, whoever wrote the servers.

The oldest Gateway decides what kind of traffic a port carries; servers of another kind on it are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from isthmus.api.config import Config, Problem
from isthmus.api.gateway import Gateway, Server
from isthmus.translate.gateways.hosts import ServerHost

Kind = Literal["http", "tls", "tcp"]
ObjectKey = tuple[str, str]  # namespace, name
_PRIVILEGED = 1024
_HTTP = frozenset({"HTTP", "HTTP2", "GRPC", "GRPC-WEB"})


class Bound(msgspec.Struct, frozen=True):
    """A server of one Gateway."""

    gateway: ObjectKey
    server: Server
    position: int  # among the Gateway's servers

    @property
    def name(self) -> str:
        """The Gateway as VirtualServices name it."""
        return "/".join(self.gateway)

    @property
    def host_names(self) -> tuple[str, ...]:
        """The hosts that it serves, without the namespaces that may use them."""
        return tuple(dict.fromkeys(ServerHost.parse(text).name.lower() for text in self.server.hosts))

    @property
    def terminates_tls(self) -> bool:
        """Whether TLS ends here."""
        return self.server.tls is not None and self.server.tls.mode not in ("PASSTHROUGH", "AUTO_PASSTHROUGH")

    @property
    def carries_http(self) -> bool:
        """Whether requests are seen here: HTTP, and HTTPS that ends here."""
        return kind(self.server) == "http" or (self.server.port.protocol.upper() == "HTTPS" and self.terminates_tls)

    def path(self, field: str) -> str:
        """The path of a field of this server in its Gateway."""
        return f"spec.servers[{self.position}].{field}"

    def problem(self, field: str, message: str) -> Problem:
        """A problem of one field of this server."""
        return Problem(self.path(field), message)


class Opening(msgspec.Struct, frozen=True):
    """A port that a router opens, with all servers on it."""

    bind: str  # address; empty: all
    port: int  # of the container
    kind: Kind
    servers: tuple[Bound, ...]


class Openings(msgspec.Struct, frozen=True):
    """All ports of a router, and what could not be opened, by Gateway."""

    ports: tuple[Opening, ...] = ()
    problems: tuple[tuple[ObjectKey, Problem], ...] = ()


def openings(gateways: Iterable[Config[Gateway]], targets: Mapping[int, int], *, unprivileged: bool) -> Openings:
    """The ports of a router. ``gateways`` oldest first; ``targets``: service port → container port."""
    ports: dict[tuple[str, int], list[Bound]] = {}
    problems: list[tuple[ObjectKey, Problem]] = []
    for gateway in gateways:
        for position, server in enumerate(gateway.spec.servers):
            bound = Bound(gateway.key, server, position)
            port = targets.get(server.port.number, server.port.number)
            if unprivileged and port < _PRIVILEGED:
                message = f"port {port} is not opened: the gateway's pod may not bind ports below {_PRIVILEGED}"
                problems.append((gateway.key, bound.problem("port.number", message)))
                continue
            servers = ports.setdefault((server.bind, port), [])
            if fault := _conflict(servers, bound):
                problems.append((gateway.key, fault))
            else:
                servers.append(bound)
    found = (
        Opening(bind, port, kind(servers[0].server), tuple(servers))
        for (bind, port), servers in sorted(ports.items())
        if servers
    )
    return Openings(tuple(found), tuple(problems))


def kind(server: Server) -> Kind:
    """What a server's port carries."""
    protocol = server.port.protocol.upper()
    if protocol in _HTTP:
        return "http"
    return "tls" if protocol in ("HTTPS", "TLS") else "tcp"


def _conflict(servers: list[Bound], bound: Bound) -> Problem | None:
    if not servers:
        return None
    first = servers[0]
    if kind(first.server) != kind(bound.server) or kind(bound.server) == "tcp":
        message = f"the server is left out: port {bound.server.port.number} is taken by Gateway {first.name}"
        return bound.problem("port.number", message)
    if kind(bound.server) == "tls" and bound.terminates_tls:
        taken = {name for one in servers if one.terminates_tls for name in one.host_names}
        if both := sorted(taken.intersection(bound.host_names)):
            message = f"the server is left out: {', '.join(both)} on this port is served by an older server"
            return bound.problem("hosts", message)
    return None
