"""What a sidecar's workload offers: container ports, their protocols and mutual TLS modes."""

from __future__ import annotations

import msgspec

from isthmus.model.service import Protocol
from isthmus.translate.authorization.filters import UNRESTRICTED, Authorization
from isthmus.translate.peer_authentication import Mode
from isthmus.translate.views import Families


class InboundPort(msgspec.Struct, frozen=True, order=True):
    """A container port that a service of the own cluster leads to."""

    number: int
    protocol: Protocol
    hostname: str
    service_port: int
    mode: Mode = "PERMISSIVE"
    service: str = ""  # name and namespace, for metadata
    namespace: str = ""


class InboundView(msgspec.Struct, frozen=True, order=True, cache_hash=True):
    """Everything that decides the inbound side of a sidecar; equal for the replicas of a workload."""

    ports: tuple[InboundPort, ...] = ()
    mode: Mode = "PERMISSIVE"  # of all other ports
    other_ports: tuple[tuple[int, Mode], ...] = ()  # ports without a service that a policy names
    families: Families = Families()
    transparent: bool = False  # TPROXY interception
    http10: bool = False
    authorization: Authorization = UNRESTRICTED
