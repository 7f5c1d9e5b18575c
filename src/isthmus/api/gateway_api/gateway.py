"""Gateway (``gateway.networking.k8s.io``): listeners, who may attach routes to them, and where they are reached."""

from __future__ import annotations

from isthmus.api.core_selector import Selector
from isthmus.api.gateway_api.references import GROUP, ObjectReference
from isthmus.api.wire import Labels, PortNumber, Wire


class RouteKind(Wire, frozen=True, kw_only=True):
    """A kind of routes.

    group: Its API group.
    kind: Its name.
    """

    group: str = GROUP
    kind: str


class RouteNamespaces(Wire, frozen=True, kw_only=True):
    """From which namespaces routes may attach.

    from: All, Same, Selector or None.
    selector: Labels of the namespaces, for Selector.
    """

    from_: str = "Same"
    selector: Selector | None = None


class AllowedRoutes(Wire, frozen=True, kw_only=True):
    """Which routes may attach.

    namespaces: Where they are.
    kinds: Their kinds; those that suit the protocol when empty.
    """

    namespaces: RouteNamespaces | None = None
    kinds: tuple[RouteKind, ...] = ()


class ListenerTls(Wire, frozen=True, kw_only=True):
    """How a listener handles TLS.

    mode: Terminate or Passthrough.
    certificateRefs: Secrets with certificates.
    options: Settings of the implementation.
    """

    mode: str = "Terminate"
    certificate_refs: tuple[ObjectReference, ...] = ()
    options: Labels = {}


class Listener(Wire, frozen=True, kw_only=True):
    """A port that a Gateway opens, for some hosts.

    name: Name of the listener, unique in the Gateway.
    hostname: The name served, possibly a wildcard; all when not set.
    port: The port of the Gateway's address.
    protocol: HTTP, HTTPS, TLS or TCP.
    tls: How TLS is handled.
    allowedRoutes: Which routes may attach; those of the own namespace when not set.
    """

    name: str
    hostname: str | None = None
    port: PortNumber
    protocol: str
    tls: ListenerTls | None = None
    allowed_routes: AllowedRoutes | None = None


class Address(Wire, frozen=True, kw_only=True):
    """An address that is asked for.

    type: IPAddress or Hostname.
    value: The address; chosen by the implementation when not set.
    """

    type: str = "IPAddress"
    value: str = ""


class Infrastructure(Wire, frozen=True, kw_only=True):
    """What the objects get that are made for a Gateway.

    labels: Labels of all of them.
    annotations: Annotations of all of them.
    parametersRef: A ConfigMap in the Gateway's namespace with changes to them.
    """

    labels: Labels = {}
    annotations: Labels = {}
    parameters_ref: ObjectReference | None = None


class Gateway(Wire, frozen=True, kw_only=True):
    """A place where traffic comes in.

    gatewayClassName: The class, which names the controller.
    listeners: The ports that are opened.
    addresses: Where it shall be reached; names of Services for gateways that are deployed by hand.
    infrastructure: What the objects get that are made for it.
    """

    gateway_class_name: str
    listeners: tuple[Listener, ...] = ()
    addresses: tuple[Address, ...] = ()
    infrastructure: Infrastructure | None = None
