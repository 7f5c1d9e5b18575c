"""TLSRoute and TCPRoute: where connections go whose content is not looked at."""

from __future__ import annotations

from isthmus.api.gateway_api.references import BackendReference, ParentReference
from isthmus.api.wire import Wire


class ConnectionRule(Wire, frozen=True, kw_only=True):
    """One rule.

    name: Name of the rule.
    backendRefs: Where connections go.
    """

    name: str = ""
    backend_refs: tuple[BackendReference, ...] = ()


class TlsRoute(Wire, frozen=True, kw_only=True):
    """A route for TLS connections, by server name.

    parentRefs: What it attaches to.
    hostnames: Server names that clients ask for.
    rules: Where connections go; the first rule counts.
    """

    parent_refs: tuple[ParentReference, ...] = ()
    hostnames: tuple[str, ...] = ()
    rules: tuple[ConnectionRule, ...] = ()


class TcpRoute(Wire, frozen=True, kw_only=True):
    """A route for TCP connections.

    parentRefs: What it attaches to.
    rules: Where connections go; the first rule counts.
    """

    parent_refs: tuple[ParentReference, ...] = ()
    rules: tuple[ConnectionRule, ...] = ()
