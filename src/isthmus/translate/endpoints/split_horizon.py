"""Split horizon: endpoints of other networks are reached through the gateways of their network.

A gateway is weighted by the endpoints behind it, so that every endpoint of the mesh gets the same share.
Gateways forward by SNI without decrypting: only endpoints that take mesh mTLS can be reached through them.
Rules: Istio's ``EndpointsByNetworkFilter``.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from isthmus.model.endpoint import Endpoint
from isthmus.model.locality import Locality
from isthmus.model.network import NetworkGateway, Networks
from isthmus.translate import locality as topology
from isthmus.translate.endpoints.hosts import MAX_WEIGHT, Group, Host, group, host
from isthmus.translate.endpoints.selection import Candidate
from isthmus.translate.views import EndpointView

_GENERATIONS = (2, 3, 4, 6, 8, 12, 18, 26, 39, 58, 87, 130, 195, 292, 438, 657, 986, 1478, 2217, 3326, 4988)
"""Numbers of workloads at which a gateway's next generation begins, each about 1.5 times the one before."""


def by_locality(candidates: Iterable[Candidate]) -> Mapping[Locality, tuple[Candidate, ...]]:
    """Endpoints by their locality, sorted by its text."""
    groups: dict[Locality, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(candidate.endpoint.locality, []).append(candidate)
    return {place: tuple(groups[place]) for place in sorted(groups, key=str)}


def reach(view: EndpointView, networks: Networks, candidates: Iterable[Candidate]) -> tuple[Group, ...]:
    """The hosts that this client connects to, grouped by locality.

    A locality of which nothing can be reached stays as an empty group. Without any gateway in the mesh all
    endpoints are taken as reachable.
    """
    groups = by_locality(candidates)
    if not networks.multi_network:
        return tuple(_unchanged(place, members) for place, members in groups.items())
    scale = weight_scale(networks)
    return tuple(_reachable(view, networks, scale, place, members) for place, members in groups.items())


def weight_scale(networks: Networks) -> int:
    """What weights are multiplied by, so that they can be divided among any network's gateways."""
    of_network = Counter(gateway.network for gateway in networks.gateways)
    of_cluster = Counter((gateway.network, gateway.cluster) for gateway in networks.gateways)
    return math.lcm(*of_network.values(), *of_cluster.values())


def gateways_for(networks: Networks, network: str, cluster: str) -> tuple[NetworkGateway, ...]:
    """The gateways that lead to an endpoint: its own cluster's, else any of its network."""
    of_network = [gateway for gateway in networks.gateways if gateway.network == network and network]
    of_cluster = [gateway for gateway in of_network if gateway.cluster == cluster]
    return tuple(gateway for gateway in of_cluster or of_network if gateway.port)


def _unchanged(place: Locality, members: Iterable[Candidate]) -> Group:
    return group(
        place, (host(member.endpoint, _weight(member.endpoint, 1), mesh_tls=member.mesh_tls) for member in members)
    )


def _reachable(
    view: EndpointView, networks: Networks, scale: int, place: Locality, members: Iterable[Candidate]
) -> Group:
    direct: list[Host] = []
    behind: Counter[NetworkGateway] = Counter()
    workloads: Counter[NetworkGateway] = Counter()
    for member in members:
        endpoint = member.endpoint
        if not _visible(view, endpoint.network):
            continue
        weight = _weight(endpoint, scale)
        known = gateways_for(networks, endpoint.network, endpoint.cluster)
        if _is_direct(view, endpoint.network, known):
            direct.append(host(endpoint, weight, mesh_tls=member.mesh_tls))
        elif member.mesh_tls:
            usable = [gateway for gateway in known if view.families.has(gateway.address)]
            for gateway in usable:
                behind[gateway] += weight // len(usable)
            workloads.update(usable)
    gateways = (_gateway(one, behind[one], place, generation(workloads[one])) for one in sorted(behind))
    return group(place, (*direct, *gateways))


def generation(workloads: int) -> int:
    """The generation of a gateway with so many workloads behind it.

    A gateway chooses a workload per connection, so its clients have to make new ones when there are considerably more
    or fewer workloads. A workload that is replaced by another is no reason.
    """
    return bisect_right(_GENERATIONS, workloads)


def _visible(view: EndpointView, network: str) -> bool:
    return not view.requested_networks or network in ("", *view.requested_networks)


def _is_direct(view: EndpointView, network: str, known: Collection[NetworkGateway]) -> bool:
    # A client that does not know its network must not assume that it shares one that has gateways.
    return not known or network in ("", view.network)


def _weight(endpoint: Endpoint, scale: int) -> int:
    return min(max(endpoint.weight, 1) * scale, MAX_WEIGHT)


def _gateway(gateway: NetworkGateway, weight: int, place: Locality, generation: int) -> Host:
    labels = {
        topology.REGION: place.region,
        topology.ZONE: place.zone,
        topology.SUBZONE: place.subzone,
        topology.CLUSTER: gateway.cluster,
        topology.NETWORK: gateway.network,
    }
    return Host(
        address=gateway.address,
        port=gateway.port,
        weight=min(max(weight, 1), MAX_WEIGHT),
        mesh_tls=True,
        workload=f";;;;{gateway.cluster}",
        labels={name: value for name, value in labels.items() if value},
        generation=generation,
    )
