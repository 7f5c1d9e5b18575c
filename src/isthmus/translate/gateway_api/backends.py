"""Backends of routes: the service that a reference means, or why there is none."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from isthmus.api.destination import Destination, PortSelector
from isthmus.api.gateway_api.references import BackendReference
from isthmus.translate.gateway_api.grants import GrantsIn, Referrer, Target, allowed

NOWHERE = Destination(host="unresolved.invalid")
"""Where the share of a backend goes that there is none of: no such cluster exists, and requests get a 500."""


class Fault(msgspec.Struct, frozen=True, order=True):
    """What is wrong with a reference; the reason is a word of the Gateway API."""

    reason: str
    message: str


class Backends(msgspec.Struct, frozen=True):
    """Looks backends up for one route. Faults are gathered in the order in which they were met."""

    referrer: Referrer
    exists: Callable[[str], bool]  # a service, by hostname
    grants_in: GrantsIn
    suffix: str  # "svc.cluster.local"
    faults: list[Fault]

    def destination(self, reference: BackendReference) -> Destination | None:
        """The service that is meant; None, and a fault noted, when it cannot be used."""
        namespace = reference.namespace or self.referrer.namespace
        if (reference.group, reference.kind) != ("", "Service"):
            kind = f"{reference.group}/{reference.kind}".lstrip("/")
            self.faults.append(Fault("InvalidKind", f"backends are Services, not {kind}"))
            return None
        target = Target("", "Service", namespace, reference.name)
        if not allowed(self.referrer, target, self.grants_in):
            kind, own = self.referrer.kind, self.referrer.namespace
            message = f"no ReferenceGrant in namespace {namespace} lets a {kind} of {own} use Service {reference.name}"
            self.faults.append(Fault("RefNotPermitted", message))
            return None
        host = f"{reference.name}.{namespace}.{self.suffix}"
        if not self.exists(host):
            self.faults.append(Fault("BackendNotFound", f"there is no Service {namespace}/{reference.name}"))
            return None
        return Destination(host=host, port=PortSelector(number=reference.port or 0) if reference.port else None)
