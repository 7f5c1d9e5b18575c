"""Namespace: labels that switch injection, networks and visibility."""

from __future__ import annotations

from isthmus.api.core_meta import CoreMeta
from isthmus.api.wire import Wire


class NamespaceStatus(Wire, frozen=True, kw_only=True):
    """Whether it is going away."""

    phase: str = "Active"


class Namespace(Wire, frozen=True, kw_only=True):
    """A namespace."""

    metadata: CoreMeta
    status: NamespaceStatus = NamespaceStatus()
