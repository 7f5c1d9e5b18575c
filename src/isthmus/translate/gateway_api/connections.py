"""Rules of TLSRoutes and TCPRoutes: where connections go."""

from __future__ import annotations

from collections.abc import Iterable

from isthmus.api.gateway_api.connection_routes import ConnectionRule
from isthmus.api.virtual_service import RouteDestination
from isthmus.translate.gateway_api.backends import NOWHERE, Backends


def destinations(rules: Iterable[ConnectionRule], backends: Backends) -> tuple[RouteDestination, ...]:
    """The destinations of the first rule; connections of a backend that cannot be used are closed."""
    rule = next(iter(rules), ConnectionRule())
    found = [(one, backends.destination(one)) for one in rule.backend_refs if one.weight > 0]
    return tuple(RouteDestination(destination=destination or NOWHERE, weight=one.weight) for one, destination in found)
