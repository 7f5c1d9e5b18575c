"""Topologies are data: who stands in which network, and what is no topology."""

import pytest

from isthmus.lab.topology import BUILT_IN, DEFAULT, TopologyError, check_name, generated, topology


def test_the_default_has_two_clusters_on_two_networks() -> None:
    default = topology(DEFAULT)
    assert [cluster.name for cluster in default.clusters] == ["cluster1", "cluster2"]
    assert default.networks == ("network1", "network2")


def test_clusters_are_dealt_to_networks_in_turn() -> None:
    made = generated(3, 2)
    assert [cluster.network for cluster in made.clusters] == ["network1", "network2", "network1"]


def test_every_node_has_a_name_of_its_own_and_a_zone_in_its_region() -> None:
    nodes = [(cluster, node) for cluster in generated(2, 1, nodes=3).clusters for node in cluster.nodes]
    assert len({node.name for _, node in nodes}) == 6
    assert all(node.zone.startswith(cluster.region) for cluster, node in nodes)


def test_single_network_topologies_have_one_network() -> None:
    assert topology("multi-primary").networks == topology("primary-remote").networks == ("network1",)


def test_an_unknown_topology_is_answered_with_those_there_are() -> None:
    with pytest.raises(TopologyError) as caught:
        topology("mesh-of-dreams")
    assert all(each.name in str(caught.value) for each in BUILT_IN)


@pytest.mark.parametrize(("clusters", "networks", "nodes"), [(0, 1, 1), (17, 1, 1), (2, 3, 1), (2, 0, 1), (1, 1, 0)])
def test_numbers_out_of_range_are_refused(clusters: int, networks: int, nodes: int) -> None:
    with pytest.raises(TopologyError):
        generated(clusters, networks, nodes)


def test_an_unknown_cluster_is_answered_with_those_there_are() -> None:
    with pytest.raises(TopologyError, match="cluster1, cluster2"):
        topology(DEFAULT).cluster("cluster9")


@pytest.mark.parametrize("name", ["", "Lab", "9lab", "a-b", "toolongname", "lab\n", "../x"])
def test_a_name_that_cannot_be_part_of_an_interface_name_is_refused(name: str) -> None:
    with pytest.raises(TopologyError):
        check_name(name)
