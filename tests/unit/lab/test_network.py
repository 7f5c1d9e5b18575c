"""The wiring as the text that `ip` and `nft` are given."""

from isthmus.lab import network
from isthmus.lab.addresses import SLOTS, Plan, plan
from isthmus.lab.network import Cut, Slow
from isthmus.lab.topology import DEFAULT, generated, topology


def isolated() -> Plan:
    return plan("lab", topology(DEFAULT), SLOTS[0])


def flat() -> Plan:
    return plan("lab", topology("multi-primary"), SLOTS[0])


def test_every_name_on_the_host_belongs_to_the_lab_and_fits() -> None:
    names = network.namespaces(isolated())
    assert names == ("isthmus-lab-inet", "isthmus-lab-cluster1-node1", "isthmus-lab-cluster2-node1")
    assert len(network.host_link("eightchr")) <= 15


def test_isolated_clusters_meet_on_the_uplink_only() -> None:
    text = network.inet_batch(isolated())
    assert "link set uplink1 master br-up" in text
    assert "link set uplink2 master br-up" in text
    assert "link set lan1 master br-lan1" in text
    assert "link set lan2 master br-lan2" in text


def test_clusters_of_one_network_share_a_lan() -> None:
    text = network.inet_batch(flat())
    assert "link set lan1 master br-lan1" in text
    assert "link set lan2 master br-lan1" in text


def test_links_join_the_bridges_to_the_nodes() -> None:
    assert network.links_batch(isolated()).splitlines()[:2] == [
        "link add uplink1 netns isthmus-lab-inet type veth peer name uplink netns isthmus-lab-cluster1-node1",
        "link add lan1 netns isthmus-lab-inet type veth peer name lan netns isthmus-lab-cluster1-node1",
    ]


def test_the_hosts_address_is_the_last_step_so_that_it_stands_for_all() -> None:
    assert network.host_commands(isolated())[-1] == "addr replace 172.30.0.1/16 dev ist-lab"


def test_a_node_of_an_isolated_cluster_has_no_route_to_foreign_pods() -> None:
    one, _ = isolated().nodes
    assert network.node_batch(isolated(), one) == (
        "link set lo up\n"
        "link set uplink up\n"
        "link set lan up\n"
        "addr replace 172.30.1.1/16 dev uplink\n"
        "addr replace 10.200.0.1/16 dev lan\n"
        "route replace 10.96.0.0/16 dev lan\n"
        "route replace local 172.30.1.128/25 dev uplink\n"
    )


def test_a_node_of_a_flat_network_has_a_route_to_every_neighbours_pods() -> None:
    one, _ = flat().nodes
    assert "route replace 10.11.1.0/24 via 10.200.1.1 dev lan\n" in network.node_batch(flat(), one)


def test_only_the_control_planes_node_answers_for_load_balancers() -> None:
    made = plan("lab", generated(1, 1, nodes=2), SLOTS[0])
    first, second = (network.node_batch(made, node) for node in made.nodes)
    assert "route replace local 172.30.1.128/25" in first
    assert "local" not in second


def test_pods_keep_their_address_within_their_network_only() -> None:
    one, _ = flat().nodes
    rules = network.node_rules(flat(), one)
    assert "ip saddr 10.10.0.0/16 ip daddr != { 10.10.0.0/16, 10.11.0.0/16 } masquerade" in rules
    rules = network.node_rules(isolated(), isolated().nodes[1])
    assert "ip saddr 10.10.0.0/16 ip daddr != { 10.10.0.0/16 } masquerade" in rules


def test_the_uplink_admits_services_the_api_server_and_answers_and_nothing_else() -> None:
    rules = network.node_rules(isolated(), isolated().nodes[0])
    chain = rules[rules.index("chain from_uplink") :]
    assert [line.strip() for line in chain.splitlines()[1:6]] == [
        "ct state established,related accept",
        "ct status dnat accept",
        "fib daddr . iif type local tcp dport 6443 accept",
        "icmp type echo-request accept",
        "reject",
    ]


def test_a_cut_drops_what_leaves_for_the_other_cluster() -> None:
    rules = network.fault_rules(isolated(), "cluster1", (Cut("cluster1", "cluster2"), Cut("cluster2", "cluster1")))
    assert rules.splitlines()[-1] == "add rule ip lab-faults out ip daddr { 172.30.2.0/24 } drop"
    assert rules.count("drop") == 1


def test_a_cut_in_a_flat_network_covers_pods_and_nodes() -> None:
    rules = network.fault_rules(flat(), "cluster1", (Cut("cluster1", "cluster2"),))
    assert "ip daddr { 172.30.2.0/24, 10.11.0.0/16, 10.200.1.0/24 } drop" in rules


def test_a_one_way_cut_leaves_answers_alone() -> None:
    rules = network.fault_rules(isolated(), "cluster1", (Cut("cluster1", "cluster2", one_way=True),))
    assert "ct direction original drop" in rules
    assert "drop" not in network.fault_rules(isolated(), "cluster2", (Cut("cluster1", "cluster2", one_way=True),))


def test_healing_is_loading_no_cuts() -> None:
    assert "rule" not in network.fault_rules(isolated(), "cluster1", ())


def test_a_slow_link_hands_packets_to_the_program_and_loses_some() -> None:
    slow = (Slow("cluster1", "cluster2", 200, 1.0), Slow("cluster2", "cluster1", 200, 1.0))
    delays = network.delay_rules(isolated(), "cluster1", slow).splitlines()
    assert delays[2:-1] == ["-A POSTROUTING -d 172.30.2.0/24 -j NFQUEUE --queue-num 2 --queue-bypass"]
    assert network.delays(isolated(), "cluster1", slow) == ("2:200",)
    rules = network.fault_rules(isolated(), "cluster1", (), slow)
    assert rules.splitlines()[-1].endswith("ip daddr { 172.30.2.0/24 } numgen random mod 10000 < 100 drop")


def test_a_link_that_only_loses_packets_delays_none() -> None:
    slow = (Slow("cluster1", "cluster2", 0, 0.5),)
    assert network.delay_rules(isolated(), "cluster1", slow) == "*mangle\n-F POSTROUTING\nCOMMIT\n"
    assert network.delays(isolated(), "cluster1", slow) == ()
    assert "mod 10000 < 50 drop" in network.fault_rules(isolated(), "cluster1", (), slow)
