"""References between objects of the Gateway API: parents, backends, and plain objects."""

from __future__ import annotations

from isthmus.api.wire import Int32, PortNumber, Wire

GROUP = "gateway.networking.k8s.io"


class ParentReference(Wire, frozen=True, kw_only=True):
    """What a route attaches to.

    group: API group of the parent.
    kind: Kind of the parent.
    namespace: Its namespace; the route's own when not set.
    name: Its name.
    sectionName: One of its listeners.
    port: The listeners of one port.
    """

    group: str = GROUP
    kind: str = "Gateway"
    namespace: str | None = None
    name: str
    section_name: str | None = None
    port: PortNumber | None = None


class BackendReference(Wire, frozen=True, kw_only=True):
    """Where requests go.

    group: API group of the backend; empty for the core group.
    kind: Kind of the backend.
    name: Its name.
    namespace: Its namespace; the route's own when not set.
    port: Port of the service.
    weight: Share of the requests, relative to the other backends.
    """

    group: str = ""
    kind: str = "Service"
    name: str
    namespace: str | None = None
    port: PortNumber | None = None
    weight: Int32 = 1


class ObjectReference(Wire, frozen=True, kw_only=True):
    """An object such as a Secret.

    group: Its API group; empty for the core group.
    kind: Its kind.
    name: Its name.
    namespace: Its namespace; the referrer's own when not set.
    """

    group: str = ""
    kind: str = "Secret"
    name: str
    namespace: str | None = None
