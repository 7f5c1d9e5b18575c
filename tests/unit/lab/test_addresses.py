"""The address plan: what overlaps, what must not, and what everybody reaches."""

from ipaddress import IPv4Network
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from isthmus.lab.addresses import LAN, SERVICES, SLOTS, Plan, free_slot, plan
from isthmus.lab.topology import DEFAULT, generated, topology


def planned(clusters: int, networks: int, nodes: int = 1) -> Plan:
    return plan("lab", generated(clusters, networks, nodes), SLOTS[0])


def test_isolated_clusters_use_the_same_pod_and_node_addresses() -> None:
    one, two = plan("lab", topology(DEFAULT), SLOTS[0]).clusters
    assert one.pods == two.pods == IPv4Network("10.10.0.0/16")
    assert one.nodes[0].lan == two.nodes[0].lan
    assert one.api_url == "https://172.30.1.1:6443"
    assert two.api_url == "https://172.30.2.1:6443"


def test_clusters_of_one_network_have_pod_ranges_of_their_own() -> None:
    one, two = plan("lab", topology("multi-primary"), SLOTS[0]).clusters
    assert not one.pods.overlaps(two.pods)
    assert one.nodes[0].lan != two.nodes[0].lan


@given(st.data())
def test_no_two_things_that_can_meet_share_an_address(data: st.DataObject) -> None:
    clusters = data.draw(st.integers(1, 16))
    made = planned(clusters, data.draw(st.integers(1, clusters)), data.draw(st.integers(1, 16)))
    assert not any(a.uplink.overlaps(b.uplink) for a, b in combinations(made.clusters, 2))
    assert len({node.uplink for node in made.nodes} | {made.host}) == len(made.nodes) + 1
    for cluster in made.clusters:
        assert all(
            node.uplink in cluster.uplink and node.uplink not in cluster.load_balancers for node in cluster.nodes
        )
        assert cluster.uplink.subnet_of(made.uplink)
        assert not cluster.pods.overlaps(SERVICES)
        assert not cluster.pods.overlaps(LAN)
        assert not cluster.lan.overlaps(SERVICES)
    for node in made.nodes:
        for other in made.neighbours(node):
            assert node.lan != other.lan
            assert not node.pods.overlaps(other.pods)


def test_neighbours_are_the_other_nodes_of_the_same_network() -> None:
    made = planned(3, 2, nodes=2)
    names = [node.node.name for node in made.neighbours(made.nodes[0])]
    assert names == ["cluster1-node2", "cluster3-node1", "cluster3-node2"]


def test_a_lab_takes_an_uplink_that_the_host_has_no_route_into() -> None:
    assert free_slot(()) == SLOTS[0]
    assert free_slot((IPv4Network("172.30.5.0/24"), IPv4Network("192.0.2.0/24"))) == SLOTS[1]
    assert free_slot((IPv4Network("172.16.0.0/12"),)) is None
