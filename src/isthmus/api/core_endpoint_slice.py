"""EndpointSlice: addresses behind a service."""

from __future__ import annotations

from msgspec import field

from isthmus.api.core_meta import LabelledMeta, ObjectReference
from isthmus.api.wire import Wire

SERVICE_LABEL = "kubernetes.io/service-name"


class EndpointPort(Wire, frozen=True, kw_only=True):
    """A port of all endpoints of a slice; it belongs to the service port of the same name."""

    name: str = ""
    port: int | None = None
    protocol: str = "TCP"
    app_protocol: str | None = None


class EndpointConditions(Wire, frozen=True, kw_only=True):
    """State of an endpoint; ``None`` means unknown, and an unknown readiness counts as ready."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Endpoint(Wire, frozen=True, kw_only=True):
    """Addresses of one backend, all equivalent."""

    addresses: tuple[str, ...] = ()
    conditions: EndpointConditions = EndpointConditions()
    hostname: str = ""
    node_name: str = ""
    zone: str = ""
    target_ref: ObjectReference | None = None


class EndpointSlice(Wire, frozen=True, kw_only=True):
    """A slice of a service's endpoints."""

    metadata: LabelledMeta
    address_type: str = "IPv4"
    # The API server writes null for an empty list of these two.
    declared_ports: tuple[EndpointPort, ...] | None = field(name="ports", default=None)
    listed_endpoints: tuple[Endpoint, ...] | None = field(name="endpoints", default=None)

    @property
    def ports(self) -> tuple[EndpointPort, ...]:
        """The ports of all endpoints."""
        return self.declared_ports or ()

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints."""
        return self.listed_endpoints or ()

    @property
    def service(self) -> str:
        """Name of the service, in the slice's namespace; empty for a slice of none."""
        return self.metadata.labels.get(SERVICE_LABEL, "")
