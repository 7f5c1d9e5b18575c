"""Destinations of routes: from what a VirtualService names to a cluster."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from isthmus.api.destination import Destination
from isthmus.model.service import Protocol, Service, ServicePort
from isthmus.translate import names
from isthmus.translate.policy import DestinationPolicy
from isthmus.translate.routes.hash_policy import HashPolicy, hash_policy


class Known(msgspec.Struct, frozen=True):
    """What a client knows of a host that a route names."""

    hostname: str  # fully qualified, also when no such service exists
    service: Service | None = None
    policy: DestinationPolicy = DestinationPolicy()


Find = Callable[[str], Known]
"""Looks a host up as the namespace of its VirtualService writes it."""


class Resolved(msgspec.Struct, frozen=True):
    """A destination with its cluster."""

    cluster: str
    hostname: str
    port: int
    service_port: ServicePort | None
    hashing: HashPolicy

    @property
    def sniffed(self) -> bool:
        """Whether the port carries HTTP and TCP, so that ALPN has to be set per request."""
        return self.service_port is not None and self.service_port.protocol is Protocol.AUTO


def resolve(destination: Destination, find: Find, listener_port: int) -> Resolved:
    """The cluster of a destination: its port, the service's only one, or the port that the client used."""
    known = find(destination.host)
    ports = known.service.ports if known.service else ()
    number = destination.port.number if destination.port else ports[0].number if len(ports) == 1 else listener_port
    subset = next((one for one in known.policy.subsets if one.name == destination.subset), None)
    return Resolved(
        cluster=names.outbound(known.hostname, number, destination.subset),
        hostname=known.hostname,
        port=number,
        service_port=next((port for port in ports if port.number == number), None),
        hashing=hash_policy(known.policy.effective(number, subset)),
    )
