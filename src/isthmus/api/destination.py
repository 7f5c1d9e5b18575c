"""Destination: a service, seen from a route. Shared by VirtualService and Sidecar."""

from __future__ import annotations

from isthmus.api.wire import UInt32, Wire


class PortSelector(Wire, frozen=True, kw_only=True):
    """A port of a service.

    number: Port number.
    """

    number: UInt32 = 0


class Destination(Wire, frozen=True, kw_only=True):
    """A service that receives traffic.

    host: Name of the service; a short name is completed with the namespace of the rule, not of the client.
    subset: Name of a subset in the service's DestinationRule.
    port: Port of the service; may be left out when it has only one.
    """

    host: str
    subset: str = ""
    port: PortSelector | None = None
