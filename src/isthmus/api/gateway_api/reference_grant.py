"""ReferenceGrant: which references from other namespaces are allowed into one."""

from __future__ import annotations

from isthmus.api.wire import Wire


class GrantFrom(Wire, frozen=True, kw_only=True):
    """Who may refer.

    group: API group of the referrer.
    kind: Its kind.
    namespace: Its namespace.
    """

    group: str
    kind: str
    namespace: str


class GrantTo(Wire, frozen=True, kw_only=True):
    """What may be referred to.

    group: API group of the object.
    kind: Its kind.
    name: Its name; any when not set.
    """

    group: str
    kind: str
    name: str | None = None


class ReferenceGrant(Wire, frozen=True, kw_only=True):
    """Allows references into its own namespace.

    from: Who may refer.
    to: To what.
    """

    from_: tuple[GrantFrom, ...] = ()
    to: tuple[GrantTo, ...] = ()
