"""How policies are laid over each other."""

from __future__ import annotations

import pytest

from isthmus.api.connection_pool import ConnectionPoolSettings, OutlierDetection, TcpSettings
from isthmus.api.destination import PortSelector
from isthmus.api.destination_rule import PortTrafficPolicy, Subset, TrafficPolicy
from isthmus.api.load_balancing import LoadBalancerSettings
from isthmus.api.tls import ClientTlsSettings
from isthmus.translate.peer_authentication import PeerPolicies, WorkloadPolicy
from isthmus.translate.policy import DestinationPolicy

RANDOM = LoadBalancerSettings(simple="RANDOM")
ROUND_ROBIN = LoadBalancerSettings(simple="ROUND_ROBIN")
POOL = ConnectionPoolSettings(tcp=TcpSettings(max_connections=1))
PLAIN = ClientTlsSettings(mode="DISABLE")


def test_a_port_replaces_everything_at_once() -> None:
    port = PortTrafficPolicy(port=PortSelector(number=80), load_balancer=RANDOM)
    policy = DestinationPolicy(
        traffic=TrafficPolicy(load_balancer=ROUND_ROBIN, connection_pool=POOL, port_level_settings=(port,))
    )
    assert policy.effective(80) == TrafficPolicy(load_balancer=RANDOM)
    assert policy.effective(81) == TrafficPolicy(load_balancer=ROUND_ROBIN, connection_pool=POOL)


def test_a_subset_replaces_field_by_field() -> None:
    subset = Subset(name="v1", traffic_policy=TrafficPolicy(tls=PLAIN, outlier_detection=OutlierDetection()))
    policy = DestinationPolicy(traffic=TrafficPolicy(load_balancer=RANDOM, connection_pool=POOL), subsets=(subset,))
    assert policy.effective(80, subset) == TrafficPolicy(
        load_balancer=RANDOM, connection_pool=POOL, tls=PLAIN, outlier_detection=OutlierDetection()
    )
    assert policy.effective(80, Subset(name="v2")) == policy.effective(80)


PEERS = PeerPolicies(
    mode="STRICT",
    workloads=(
        WorkloadPolicy({"app": "a"}, "UNSET", {80: "DISABLE", 81: "UNSET"}),
        WorkloadPolicy({"app": "b"}, "PERMISSIVE"),
        WorkloadPolicy({"app": "a"}, "PERMISSIVE", {82: "PERMISSIVE"}),
    ),
)


@pytest.mark.parametrize(
    ("app", "port", "mode"),
    [("a", 80, "DISABLE"), ("a", 81, "STRICT"), ("a", 82, "STRICT"), ("b", 80, "PERMISSIVE"), ("c", 80, "STRICT")],
)
def test_the_port_comes_before_the_workload_before_the_namespace(app: str, port: int, mode: str) -> None:
    assert PEERS.port_mode({"app": app}, port) == mode


def test_ports_that_a_policy_names_are_known() -> None:
    assert PEERS.named_ports({"app": "a"}) == {80: "DISABLE", 81: "STRICT"}
    assert PEERS.workload_mode({"app": "b"}) == "PERMISSIVE"
