"""Endpoints: the addresses behind a service, with all that decides whether and how a client may use them."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from isthmus.model.locality import Locality


class Health(StrEnum):
    """What the endpoint's own cluster says of it."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    DRAINING = "draining"
    TERMINATING = "terminating"


class Endpoint(msgspec.Struct, frozen=True):
    """One address and port of one service port, in one cluster."""

    address: str
    port: int
    cluster: str
    network: str = ""
    locality: Locality = Locality()
    health: Health = Health.HEALTHY
    mtls: bool = False  # the workload has a sidecar that takes mesh mTLS (label security.istio.io/tlsMode)
    identity: str = ""  # SPIFFE id of its service account
    namespace: str = ""
    workload: str = ""
    canonical_name: str = ""
    canonical_revision: str = ""
    labels: dict[str, str] = {}
    node: str = ""
    hostname: str = ""  # pod hostname, for per-pod DNS names of headless services
    subdomain: str = ""
    weight: int = 1


class ServiceEndpoints(msgspec.Struct, frozen=True):
    """All endpoints of one hostname, in all clusters, per port name."""

    hostname: str
    ports: dict[str, tuple[Endpoint, ...]]  # service port name → endpoints, sorted by (cluster, address, port)
    identities: tuple[str, ...] = ()  # SPIFFE ids of all endpoints, sorted
