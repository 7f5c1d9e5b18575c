"""Which endpoints of a service port a client may use at all, and which of them take mesh mTLS from it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from isthmus.api.selector import matches
from isthmus.model.endpoint import Endpoint, Health, ServiceEndpoints
from isthmus.model.service import Service
from isthmus.translate.peer_authentication import PeerPolicies
from isthmus.translate.upstream import Target
from isthmus.translate.views import EndpointView

PERSISTENT_SESSION = "istio.io/persistent-session"


class Candidate(msgspec.Struct, frozen=True):
    """An endpoint, and whether the client reaches it by mesh mTLS."""

    endpoint: Endpoint
    mesh_tls: bool


def candidates(
    view: EndpointView, target: Target, endpoints: ServiceEndpoints, peers: PeerPolicies
) -> tuple[Candidate, ...]:
    """The endpoints that pass all filters (Istio's endpoint builder), in their own order."""
    service, subset = target.upstream.service, target.subset
    settings = target.traffic.tls
    return tuple(
        Candidate(endpoint, settings.mode == "ISTIO_MUTUAL" if settings else _takes_mesh_tls(endpoint, peers))
        for endpoint in endpoints.ports.get(target.port.name, ())
        if _usable(view, service, endpoint) and (subset is None or matches(subset.labels, endpoint.labels))
    )


def takes_mesh_tls(endpoints: Iterable[Endpoint], peers: PeerPolicies) -> bool:
    """Whether there are endpoints, and all of them take mesh mTLS."""
    found = [_takes_mesh_tls(endpoint, peers) for endpoint in endpoints]
    return bool(found) and all(found)


def _takes_mesh_tls(endpoint: Endpoint, peers: PeerPolicies) -> bool:
    return endpoint.mtls and peers.port_mode(endpoint.labels, endpoint.port) != "DISABLE"


def _usable(view: EndpointView, service: Service, endpoint: Endpoint) -> bool:
    if service.cluster_local and view.cluster and endpoint.cluster != view.cluster:
        return False
    if service.node_local and endpoint.node != view.place.node:
        return False
    return _healthy(service, endpoint.health) and _is_address(endpoint.address)


def _healthy(service: Service, health: Health) -> bool:
    if health is Health.DRAINING:
        return PERSISTENT_SESSION in service.labels
    return health is Health.HEALTHY or (health is Health.UNHEALTHY and service.publish_not_ready)


@lru_cache(maxsize=65536)
def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
