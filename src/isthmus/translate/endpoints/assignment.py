"""Load assignments: the endpoints of all clusters of one service, as one client sees them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from isthmus.api.mesh_config import MeshConfig
from isthmus.model.endpoint import Endpoint, ServiceEndpoints
from isthmus.model.locality import Locality
from isthmus.model.network import Networks
from isthmus.model.resource import Resource
from isthmus.model.service import Resolution
from isthmus.protos import pb
from isthmus.translate import locality, names
from isthmus.translate.encoding import Bundle, content_version, repeated, serialise, struct
from isthmus.translate.endpoints.hosts import Group, Host
from isthmus.translate.endpoints.priorities import arrange
from isthmus.translate.endpoints.selection import candidates
from isthmus.translate.endpoints.split_horizon import reach
from isthmus.translate.peer_authentication import PeerPolicies
from isthmus.translate.types import ENDPOINT
from isthmus.translate.upstream import Target, Upstream, targets
from isthmus.translate.values import socket_address, wrapped
from isthmus.translate.views import EndpointView

_ENDPOINTS_FIELD = 2  # of ClusterLoadAssignment
_HOSTS_FIELD = 2  # of LocalityLbEndpoints


class MeshState(msgspec.Struct, frozen=True):
    """What load assignments depend on besides their service."""

    mesh: MeshConfig = MeshConfig()
    networks: Networks = Networks()
    peers: PeerPolicies = PeerPolicies()


def assignments(view: EndpointView, upstream: Upstream, endpoints: ServiceEndpoints, state: MeshState) -> Bundle:
    """One assignment for each cluster of the service, those of SNI passthrough too if the view has such."""
    if upstream.service.resolution in (Resolution.ALIAS, Resolution.DNS):
        return {}
    result: dict[str, Resource] = {}
    for target in targets(upstream):
        parts = (upstream.service.hostname, target.port.number, target.subset_name)
        plain, by_sni = names.outbound(*parts), names.sni(*parts)
        result[plain] = encode(plain, groups(view, target, endpoints, state, by_sni=False))
        if view.by_sni:
            result[by_sni] = encode(by_sni, groups(view, target, endpoints, state, by_sni=True))
    return result


def groups(
    view: EndpointView, target: Target, endpoints: ServiceEndpoints, state: MeshState, *, by_sni: bool
) -> tuple[Group, ...]:
    """The hosts of one cluster. ``by_sni``: only those that are meant when its gateway is called."""
    found = candidates(view, target, endpoints, state.peers)
    if by_sni:
        found = tuple(one for one in found if one.mesh_tls and _is_behind(view, one.endpoint))
    reached = reach(view, state.networks, found)
    rule = locality.rule(target.traffic, target.upstream.service, state.mesh)
    return reached if rule is None else arrange(view, rule, reached)


def _is_behind(view: EndpointView, endpoint: Endpoint) -> bool:
    """Whether clients elsewhere call this gateway for that endpoint (beside taking mTLS, which it cannot add).

    They call a network's gateway for endpoints of that network only. An endpoint of another cluster whose network
    nobody named may have an address that means something else here.
    """
    return (
        not view.network
        or endpoint.network == view.network
        or (endpoint.network, endpoint.cluster) == ("", view.cluster)
    )


def encode(name: str, found: Sequence[Group]) -> Resource:
    """A load assignment. Hosts and localities are serialised once and joined as bytes."""
    assignment = serialise(pb("envoy.config.endpoint.v3.ClusterLoadAssignment")(cluster_name=name))
    body = assignment + repeated(_ENDPOINTS_FIELD, (_group(part) for one in found for part in generations(one)))
    return Resource(name, ENDPOINT, body, content_version(body))


def generations(found: Group) -> tuple[Group, ...]:
    """A group taken apart so that the gateways of each generation have a locality of their own.

    Envoy takes a host that moved to another locality for a new one: its old connections finish what they do and end.
    There is no other way to say so of a host that keeps its address. Weights are divided by the hosts' weights.
    """
    numbers = sorted({one.generation for one in found.hosts})
    if not any(numbers):
        return (found,)
    total = sum(one.weight for one in found.hosts)
    parts: list[Group] = []
    for number in numbers:
        hosts = tuple(one for one in found.hosts if one.generation == number)
        share = None if found.weight is None else max(1, found.weight * sum(one.weight for one in hosts) // total)
        parts.append(Group(_of_generation(found.locality, number), hosts, found.priority, share))
    return tuple(parts)


def _of_generation(place: Locality, number: int) -> Locality:
    return msgspec.structs.replace(place, subzone=f"{place.subzone}~{number}") if number else place


def _group(found: Group) -> bytes:
    hosts = repeated(_HOSTS_FIELD, (_host(one) for one in found.hosts))
    return _locality(found.locality, found.weight, found.priority) + hosts


@lru_cache(maxsize=4096)
def _locality(place: Locality, weight: int | None, priority: int) -> bytes:
    return serialise(
        pb("envoy.config.endpoint.v3.LocalityLbEndpoints")(
            locality={"region": place.region, "zone": place.zone, "sub_zone": place.subzone},
            load_balancing_weight=None if weight is None else wrapped(weight),
            priority=priority,
        )
    )


def _host(found: Host) -> bytes:
    return _lb_endpoint(found.address, found.port, found.weight, found.workload, found.mesh_tls, found.draining)


@lru_cache(maxsize=65536)
def _lb_endpoint(address: str, port: int, weight: int, workload: str, mesh_tls: bool, draining: bool) -> bytes:
    metadata = {"istio": struct({"workload": workload})}
    if mesh_tls:
        metadata["envoy.transport_socket_match"] = struct({"tlsMode": "istio"})
    return serialise(
        pb("envoy.config.endpoint.v3.LbEndpoint")(
            endpoint={"address": socket_address(address, port)},
            metadata={"filter_metadata": metadata},
            load_balancing_weight=wrapped(weight),
            health_status="DRAINING" if draining else "UNKNOWN",
        )
    )
