"""GatewayClass: which controller serves the Gateways that name it."""

from __future__ import annotations

from isthmus.api.wire import Wire


class GatewayClass(Wire, frozen=True, kw_only=True):
    """A class of Gateways.

    controllerName: The controller, as a domain-prefixed path.
    """

    controller_name: str
