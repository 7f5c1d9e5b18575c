"""What objects of the Gateway API are told about themselves: conditions, and who is attached to whom."""

from __future__ import annotations

import msgspec


class StatusKey(msgspec.Struct, frozen=True, order=True):
    """An object of the configuration cluster; the namespace is empty for kinds of the cluster."""

    kind: str
    namespace: str
    name: str


class Condition(msgspec.Struct, frozen=True):
    """One aspect of an object's state. ``reason`` is a word of the Gateway API, ``message`` is for people."""

    type: str
    status: bool
    reason: str
    message: str


class ListenerStatus(msgspec.Struct, frozen=True):
    """One listener of a Gateway. ``attached`` counts the routes that it takes."""

    name: str
    kinds: tuple[str, ...]
    attached: int
    conditions: tuple[Condition, ...]


class ParentStatus(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one of a route's parents took it; the fields before ``conditions`` repeat the reference."""

    group: str
    kind: str
    name: str
    conditions: tuple[Condition, ...]
    controller: str
    namespace: str | None = None
    section_name: str | None = None
    port: int | None = None


class Status(msgspec.Struct, frozen=True):
    """The whole status of an object: which fields are used depends on its kind.

    ``generation`` is the one that it was worked out from. ``features`` are those of a GatewayClass,
    ``addresses`` (type and value) and ``listeners`` those of a Gateway; ``parents`` those of a route.
    """

    generation: int
    conditions: tuple[Condition, ...] = ()
    features: tuple[str, ...] = ()
    listeners: tuple[ListenerStatus, ...] = ()
    addresses: tuple[tuple[str, str], ...] = ()
    parents: tuple[ParentStatus, ...] = ()
