"""Listeners of a Gateway: what each becomes, and what is wrong with it.

Knows the protocols that are served and how listeners of one Gateway can stand in each other's way. Does not know
routes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from isthmus.api.config import Config
from isthmus.api.gateway import Port, Server
from isthmus.api.gateway_api.gateway import AllowedRoutes, Gateway, Listener, RouteNamespaces
from isthmus.api.gateway_api.references import GROUP
from isthmus.api.tls import ServerTlsSettings
from isthmus.model.status import Condition
from isthmus.translate.gateway_api.grants import GrantsIn
from isthmus.translate.gateway_api.listener_tls import Refused, server_tls

KINDS = {
    "HTTP": ("HTTPRoute", "GRPCRoute"),
    "HTTPS": ("HTTPRoute", "GRPCRoute"),
    "TLS": ("TLSRoute", "TCPRoute"),
    "TCP": ("TCPRoute",),
}
"""Protocols that are served, and the kinds of routes that suit them."""
_FAMILIES = {"HTTP": "HTTP", "HTTPS": "TLS", "TLS": "TLS", "TCP": "TCP"}
HasCertificate = Callable[[str, str], bool]
"""Whether a Secret (namespace, name) holds a certificate with its key."""


class Opened(msgspec.Struct, frozen=True):
    """One listener.

    ``server`` is None when it cannot be opened. ``kinds`` may attach. ``accepted``, ``resolved`` and ``conflict``
    are conditions.
    """

    name: str
    port: int
    protocol: str
    hostname: str  # "*" for all
    kinds: tuple[str, ...]
    namespaces: RouteNamespaces
    accepted: Condition
    resolved: Condition
    conflict: Condition
    server: Server | None = None

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """All of its own conditions; whether it is programmed depends on these."""
        return self.accepted, self.conflict, self.resolved


def opened(gateway: Config[Gateway], has_certificate: HasCertificate, grants_in: GrantsIn) -> tuple[Opened, ...]:
    """The listeners of a Gateway, in its order."""
    conflicts = _conflicts(gateway.spec.listeners)
    return tuple(
        _opened(gateway, listener, conflict, (has_certificate, grants_in))
        for listener, conflict in zip(gateway.spec.listeners, conflicts, strict=True)
    )


def hostname_of(listener: Listener) -> str:
    """The host that a listener serves; ``*`` for all."""
    return (listener.hostname or "*").lower()


def _opened(
    gateway: Config[Gateway],
    listener: Listener,
    conflict: Condition,
    lookups: tuple[HasCertificate, GrantsIn],
) -> Opened:
    allowed = listener.allowed_routes or AllowedRoutes()
    kinds, wrong_kinds = _kinds(listener, allowed)
    accepted = _accepted(listener)
    tls = server_tls(gateway, listener, *lookups) if accepted.status else None
    resolved = Condition("ResolvedRefs", True, "ResolvedRefs", "All references are known")
    if wrong_kinds:
        resolved = Condition("ResolvedRefs", False, "InvalidRouteKinds", wrong_kinds)
    elif isinstance(tls, Refused):
        resolved = Condition("ResolvedRefs", False, tls.reason, tls.message)
    usable = accepted.status and not conflict.status and not isinstance(tls, Refused)
    return Opened(
        name=listener.name,
        port=listener.port,
        protocol=listener.protocol,
        hostname=hostname_of(listener),
        kinds=kinds,
        namespaces=allowed.namespaces or RouteNamespaces(),
        accepted=accepted,
        resolved=resolved,
        conflict=conflict,
        server=_server(listener, tls) if usable and not isinstance(tls, Refused) else None,
    )


def _server(listener: Listener, tls: ServerTlsSettings | None) -> Server:
    host = hostname_of(listener)
    passes = tls is not None and tls.mode == "AUTO_PASSTHROUGH" and host == "*"
    return Server(
        port=Port(number=listener.port, protocol=listener.protocol, name="default"),
        # Mesh mTLS is passed on by the names of services, so all of them are meant.
        hosts=("*.local",) if passes else (host,),
        tls=tls,
    )


def _accepted(listener: Listener) -> Condition:
    if listener.protocol not in KINDS:
        message = f"protocol {listener.protocol!r} is not served; use {', '.join(KINDS)}"
        return Condition("Accepted", False, "UnsupportedProtocol", message)
    return Condition("Accepted", True, "Accepted", "The listener can be served")


def _kinds(listener: Listener, allowed: AllowedRoutes) -> tuple[tuple[str, ...], str]:
    """The kinds that may attach, and what is wrong with those that are asked for."""
    suitable = KINDS.get(listener.protocol, ())
    if listener.tls is not None and listener.tls.mode == "Passthrough":
        suitable = tuple(kind for kind in suitable if kind == "TLSRoute")  # only by server name
    if not allowed.kinds:
        return suitable, ""
    good = tuple(one.kind for one in allowed.kinds if one.group == GROUP and one.kind in suitable)
    bad = [f"{one.group}/{one.kind}" for one in allowed.kinds if one.group != GROUP or one.kind not in suitable]
    if not bad:
        return good, ""
    return good, f"routes of the kind {', '.join(bad)} cannot attach to a listener for {listener.protocol}"


def _conflicts(listeners: Sequence[Listener]) -> Iterable[Condition]:
    """Of listeners in each other's way all are conflicted: none is better than the others."""
    for listener in listeners:
        same_port = [one for one in listeners if one.port == listener.port and one.protocol in _FAMILIES]
        family = _FAMILIES.get(listener.protocol)
        if family and any(_FAMILIES[one.protocol] != family for one in same_port):
            message = f"port {listener.port} is claimed for protocols that cannot share it"
            yield Condition("Conflicted", True, "ProtocolConflict", message)
        elif family and sum(1 for one in same_port if hostname_of(one) == hostname_of(listener)) > 1:
            message = f"port {listener.port} has another listener for the host {hostname_of(listener)}"
            yield Condition("Conflicted", True, "HostnameConflict", message)
        else:
            yield Condition("Conflicted", False, "NoConflicts", "No other listener is in the way")
