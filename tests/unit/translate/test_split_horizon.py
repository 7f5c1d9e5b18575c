"""Endpoints of other networks are reached through gateways, and no endpoint gains or loses by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from isthmus.model.endpoint import Endpoint
from isthmus.model.locality import Locality
from isthmus.model.network import NetworkGateway, Networks
from isthmus.translate.endpoints.assignment import generations
from isthmus.translate.endpoints.hosts import Group, Host, group
from isthmus.translate.endpoints.selection import Candidate
from isthmus.translate.endpoints.split_horizon import gateways_for, generation, reach, weight_scale
from isthmus.translate.views import EndpointView, Families

NETWORKS = ("", "n1", "n2", "n3")
CLUSTERS = ("c1", "c2", "c3")

localities = st.builds(Locality, st.sampled_from(("", "eu", "us")))
endpoints = st.builds(
    Endpoint,
    address=st.integers(1, 250).map(lambda last: f"10.0.0.{last}"),
    port=st.just(80),
    cluster=st.sampled_from(CLUSTERS),
    network=st.sampled_from(NETWORKS),
    locality=localities,
    weight=st.integers(0, 5),
)
candidates = st.lists(st.builds(Candidate, endpoints, st.booleans()), max_size=12)
gateways = st.builds(
    NetworkGateway,
    address=st.integers(1, 250).map(lambda last: f"172.18.0.{last}"),
    port=st.just(15443),
    network=st.sampled_from(NETWORKS[1:]),
    cluster=st.sampled_from(("", *CLUSTERS)),
)
networks = st.lists(gateways, max_size=6, unique_by=lambda one: (one.address, one.network, one.cluster)).map(
    lambda found: Networks(tuple(sorted(found)))
)
views = st.builds(EndpointView, cluster=st.sampled_from(CLUSTERS), network=st.sampled_from(NETWORKS))


def total(groups: Sequence[Group]) -> int:
    return sum(host.weight for group in groups for host in group.hosts)


@given(views, networks, candidates)
def test_weights_are_conserved(view: EndpointView, known: Networks, found: list[Candidate]) -> None:
    """The weight of all hosts is the weight of all endpoints that can be reached, times the scale."""
    scale = weight_scale(known) if known.multi_network else 1
    reachable = [one for one in found if one.mesh_tls or _direct(view, known, one)]
    assert total(reach(view, known, found)) == sum(max(one.endpoint.weight, 1) for one in reachable) * scale


@given(views, networks, candidates)
def test_each_gateway_weighs_its_share_of_the_endpoints_behind_it(
    view: EndpointView, known: Networks, found: list[Candidate]
) -> None:
    scale = weight_scale(known) if known.multi_network else 1
    expected: Counter[tuple[Locality, str]] = Counter()
    for one in found:
        if not _direct(view, known, one) and one.mesh_tls:
            leading = gateways_for(known, one.endpoint.network, one.endpoint.cluster)
            for gateway in leading:
                expected[one.endpoint.locality, gateway.address] += Fraction(
                    max(one.endpoint.weight, 1) * scale, len(leading)
                )  # type: ignore[assignment]
    got: Counter[tuple[Locality, str]] = Counter()
    for reached in reach(view, known, found):
        for host in reached.hosts:
            if host.address.startswith("172."):
                got[reached.locality, host.address] += host.weight
    assert got == expected


@given(views, networks, candidates)
def test_every_locality_stays_a_group(view: EndpointView, known: Networks, found: list[Candidate]) -> None:
    groups = reach(view, known, found)
    assert [one.locality for one in groups] == sorted({one.endpoint.locality for one in found}, key=str)
    assert all((one.weight is None) == (not one.hosts) for one in groups)


def _direct(view: EndpointView, known: Networks, one: Candidate) -> bool:
    leading = gateways_for(known, one.endpoint.network, one.endpoint.cluster) if known.multi_network else ()
    return not leading or one.endpoint.network in ("", view.network)


REMOTE = Endpoint("10.0.0.1", 80, "c2", "n2")
GATEWAY = NetworkGateway("172.18.0.1", 15443, "n2", "c2")


def addresses(view: EndpointView, known: Networks, *found: Candidate) -> list[str]:
    return [host.address for one in reach(view, known, found) for host in one.hosts]


def test_without_gateways_remote_addresses_are_given_as_they_are() -> None:
    assert addresses(EndpointView("c1", "n1"), Networks(), Candidate(REMOTE, mesh_tls=False)) == ["10.0.0.1"]


def test_an_endpoint_without_mesh_tls_cannot_be_reached_through_a_gateway() -> None:
    view, known = EndpointView("c1", "n1"), Networks((GATEWAY,))
    assert addresses(view, known, Candidate(REMOTE, mesh_tls=False)) == []
    assert addresses(view, known, Candidate(REMOTE, mesh_tls=True)) == ["172.18.0.1"]


def test_a_client_that_does_not_know_its_network_goes_through_the_gateway() -> None:
    assert addresses(EndpointView("c1", ""), Networks((GATEWAY,)), Candidate(REMOTE, mesh_tls=True)) == ["172.18.0.1"]


def test_a_gateway_of_another_cluster_serves_a_network_whose_cluster_has_none() -> None:
    other = NetworkGateway("172.18.0.9", 15443, "n2", "c9")
    assert addresses(EndpointView("c1", "n1"), Networks((other,)), Candidate(REMOTE, mesh_tls=True)) == ["172.18.0.9"]
    both = Networks((GATEWAY, other))
    assert addresses(EndpointView("c1", "n1"), both, Candidate(REMOTE, mesh_tls=True)) == ["172.18.0.1"]


def test_a_gateway_that_offers_no_mtls_port_is_no_way() -> None:
    tunnel = NetworkGateway("172.18.0.9", 0, "n2", "c2", hbone_port=15008)
    view, found = EndpointView("c1", "n1"), Candidate(REMOTE, mesh_tls=True)
    assert addresses(view, Networks((GATEWAY, tunnel)), found) == ["172.18.0.1"]


def test_a_gateway_of_another_ip_family_cannot_be_used() -> None:
    six = Networks((NetworkGateway("fd00::1", 15443, "n2", "c2"),))
    assert addresses(EndpointView("c1", "n1"), six, Candidate(REMOTE, mesh_tls=True)) == []
    both = EndpointView("c1", "n1", families=Families(ipv6=True))
    assert addresses(both, six, Candidate(REMOTE, mesh_tls=True)) == ["fd00::1"]


def test_a_requested_view_hides_other_networks_but_not_endpoints_of_none() -> None:
    view = EndpointView("c2", "n2", requested_networks=("n2",))
    own, nowhere = Endpoint("10.0.0.2", 80, "c2", "n2"), Endpoint("10.0.0.3", 80, "c2", "")
    far = Endpoint("10.0.0.4", 80, "c1", "n1")
    found = [Candidate(one, mesh_tls=True) for one in (own, nowhere, far)]
    assert addresses(view, Networks((GATEWAY,)), *found) == ["10.0.0.2", "10.0.0.3"]


@given(st.integers(0, 3000))
def test_a_generation_lasts_while_the_number_of_workloads_is_about_the_same(workloads: int):
    assert generation(workloads) <= generation(workloads + 1) <= generation(workloads) + 1
    assert generation(max(2, 2 * workloads)) > generation(workloads), "twice as many are another generation"
    assert generation(1) == 0, "clients of a single workload have nothing to renew"


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 3)), min_size=1, max_size=6))
def test_generations_keep_hosts_weights_and_priority(members: list[tuple[int, int]]):
    hosts = [Host(f"10.0.0.{i}", 1, weight, True, "", {}, generation=of) for i, (weight, of) in enumerate(members)]
    whole = group(Locality("eu", "a", "b"), hosts, priority=2)
    parts = generations(whole)
    assert sorted((host for part in parts for host in part.hosts), key=hosts.index) == hosts
    assert sum(part.weight or 0 for part in parts) == whole.weight
    assert {part.priority for part in parts} == {2}
    assert len({part.locality for part in parts}) == len({of for _, of in members})
    assert all(len({host.generation for host in part.hosts}) == 1 for part in parts)
