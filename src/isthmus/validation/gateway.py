"""Rules of Gateway."""

from __future__ import annotations

from isthmus.api.config import Problem
from isthmus.api.gateway import Gateway, Server
from isthmus.validation import syntax, tls
from isthmus.validation.findings import Findings, labels, repeated, warning, wrong

PROTOCOLS = frozenset({"HTTP", "HTTPS", "HTTP2", "GRPC", "GRPC-WEB", "MONGO", "TCP", "TLS", "REDIS", "MYSQL"})
_ENCRYPTED = frozenset({"HTTPS", "TLS"})
_HTTP = frozenset({"HTTP", "HTTP2", "GRPC", "GRPC-WEB"})


def gateway(spec: Gateway) -> Findings:
    """Rules of the whole object."""
    if not spec.servers:
        yield Problem("spec.servers", "a gateway needs at least one server")
    for index, server in enumerate(spec.servers):
        yield from _server(f"spec.servers[{index}]", server)
    for first, index, name in repeated(server.port.name for server in spec.servers):
        yield Problem(f"spec.servers[{index}].port.name", f"{name!r} is also the name of servers[{first}].port")
    yield from _same_port(spec)
    if not spec.selector:
        yield warning("spec.selector", "empty: every workload of the mesh would carry this gateway")
    yield from labels("spec.selector", spec.selector)


def _server(path: str, server: Server) -> Findings:
    if not server.hosts:
        yield Problem(f"{path}.hosts", "a server needs at least one host")
    for index, host in enumerate(server.hosts):
        yield from wrong(f"{path}.hosts[{index}]", _host(host))
    if not server.port.name:
        yield Problem(f"{path}.port.name", "required, but not set")
    if server.port.protocol.upper() not in PROTOCOLS:
        known = ", ".join(sorted(PROTOCOLS))
        yield Problem(f"{path}.port.protocol", f"{server.port.protocol!r} is not one of {known}")
    yield from _bind(path, server)
    yield from _tls(f"{path}.tls", server)


def _host(host: str) -> str:
    if "/" in host:
        return syntax.namespaced_host(host, namespaces=frozenset({"*", "."}))
    return syntax.host_or_address(host)


def _bind(path: str, server: Server) -> Findings:
    if server.bind.startswith("unix://"):
        if server.port.number:
            yield Problem(f"{path}.port.number", "must be 0 when bind is a Unix socket")
        return
    if server.bind and not syntax.is_address(server.bind):
        yield Problem(f"{path}.bind", f"{server.bind!r} is neither an IP address nor unix:///path")
    yield from wrong(f"{path}.port.number", syntax.port(server.port.number))


def _tls(path: str, server: Server) -> Findings:
    protocol = server.port.protocol.upper()
    settings = server.tls
    if settings is None:
        if protocol in _ENCRYPTED:
            yield Problem(path, f"{protocol} needs TLS settings")
        return
    if protocol in _ENCRYPTED:
        if settings.https_redirect:
            yield warning(f"{path}.httpsRedirect", "has an effect on plain HTTP ports only")
        yield from tls.server(path, settings)
    elif protocol not in _HTTP:
        yield Problem(path, f"{protocol} cannot have TLS settings; use TLS as protocol")
    elif settings.mode != "PASSTHROUGH" or settings.credential_name:
        yield Problem(path, f"{protocol} can have httpsRedirect only; use HTTPS as protocol")


def _same_port(spec: Gateway) -> Findings:
    """One port can be served in one way: HTTP here and TCP there cannot share a listener."""
    first: dict[tuple[str, int], tuple[int, str]] = {}
    for index, server in enumerate(spec.servers):
        place = (server.bind, server.port.number)
        family = _family(server.port.protocol.upper())
        seen, known = first.setdefault(place, (index, family))
        if family != known:
            path = f"spec.servers[{index}].port"
            yield Problem(path, f"{server.port.number} is already used by servers[{seen}] with another protocol")


def _family(protocol: str) -> str:
    if protocol in _HTTP:
        return "http"
    return "tls" if protocol in _ENCRYPTED else "tcp"
