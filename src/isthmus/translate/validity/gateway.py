"""Gateways: servers that can be opened."""

from __future__ import annotations

import ipaddress

import msgspec

from isthmus.api.config import Problems
from isthmus.api.gateway import Gateway, Server
from isthmus.translate.gateways.hosts import ServerHost
from isthmus.translate.validity.host_texts import is_host
from isthmus.translate.validity.notes import Notes
from isthmus.translate.validity.server_tls import usable_tls

PROTOCOLS = frozenset({"HTTP", "HTTPS", "HTTP2", "GRPC", "GRPC-WEB", "MONGO", "TCP", "TLS"})
_NEED_TLS = frozenset({"HTTPS", "TLS"})
_OWN_CERTIFICATE = frozenset({"SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"})


def usable(spec: Gateway) -> tuple[Gateway, Problems]:
    """The object without the servers that cannot be opened."""
    notes = Notes()
    found = (_server(server, at) for at, server in notes.each("servers", spec.servers))
    return msgspec.structs.replace(spec, servers=tuple(server for server in found if server)), notes.problems


def _server(server: Server, notes: Notes) -> Server | None:
    checks = (_port, _hosts, _needs_tls, _certificate, _bind)
    if not all(check(server, notes) for check in checks):
        return None
    if server.tls is None:
        return server
    tls = usable_tls(server.tls, notes.at("tls"))
    return msgspec.structs.replace(server, tls=tls) if tls else None


def _port(server: Server, notes: Notes) -> bool:
    port = server.port
    if port.protocol.upper() not in PROTOCOLS:
        known = ", ".join(sorted(PROTOCOLS))
        notes.at("port.protocol").error(f"the server is left out: {port.protocol!r} is not one of {known}")
        return False
    if not 0 < port.number <= 65535:
        notes.at("port.number").error(f"the server is left out: {port.number} is no port")
        return False
    return True


def _hosts(server: Server, notes: Notes) -> bool:
    if server.hosts and all(is_host(ServerHost.parse(host).name) for host in server.hosts):
        return True
    notes.at("hosts").error("the server is left out: name hosts that it serves, such as *.example.com, or *")
    return False


def _needs_tls(server: Server, notes: Notes) -> bool:
    if server.port.protocol.upper() in _NEED_TLS and server.tls is None:
        notes.at("tls").error(f"the server is left out: {server.port.protocol} needs tls settings")
        return False
    return True


def _certificate(server: Server, notes: Notes) -> bool:
    tls = server.tls
    if tls is None or tls.mode not in _OWN_CERTIFICATE or (tls.https_redirect and server.port.protocol == "HTTP"):
        return True
    named = tls.credential_name or tls.credential_names or tls.tls_certificates
    if not named and not (tls.server_certificate and tls.private_key):
        notes.at("tls").error(
            f"the server is left out: {tls.mode} needs credentialName, or serverCertificate and privateKey"
        )
        return False
    return True


def _bind(server: Server, notes: Notes) -> bool:
    try:
        ipaddress.ip_address(server.bind or "0.0.0.0")  # noqa: S104
    except ValueError:
        notes.at("bind").error(f"the server is left out: {server.bind!r} is not an IP address")
        return False
    return True
