"""Where traffic goes first, and what takes over."""

from __future__ import annotations

from isthmus.api.load_balancing import LocalityDistribute, LocalityFailover, LocalityLbSetting
from isthmus.model.locality import Locality
from isthmus.translate import locality as topology
from isthmus.translate.endpoints.hosts import Group, Host, group
from isthmus.translate.endpoints.priorities import arrange
from isthmus.translate.locality import LocalityRule
from isthmus.translate.views import EndpointView, Place

HERE = EndpointView("c1", "n1", place=Place(Locality("eu", "a", "1"), "node1", (("version", "v1"),)))


def at(text: str, weight: int = 1, **labels: str) -> Group:
    return group(Locality.parse(text), [Host("10.0.0.1", 80, weight, mesh_tls=True, workload="", labels=labels)])


def priorities(setting: LocalityLbSetting, *groups: Group) -> list[int]:
    return [one.priority for one in arrange(HERE, LocalityRule(setting, failover=True), groups)]


def test_sub_zone_zone_and_region_come_in_this_order() -> None:
    found = priorities(LocalityLbSetting(), at("eu/a/1"), at("eu/a/2"), at("eu/b"), at("us/a"))
    assert found == [0, 1, 2, 3]


def test_priorities_have_no_gaps() -> None:
    assert priorities(LocalityLbSetting(), at("us/a"), at("eu/b")) == [1, 0]


def test_a_named_region_takes_over_before_the_others() -> None:
    setting = LocalityLbSetting(failover=(LocalityFailover(from_="eu", to="us"),))
    assert priorities(setting, at("eu/a/1"), at("asia/a"), at("us/a")) == [0, 2, 1]


def test_labels_order_endpoints_by_the_first_that_differs() -> None:
    setting = LocalityLbSetting(failover_priority=("version", "zone=x"))
    found = arrange(
        HERE,
        LocalityRule(setting, failover=True),
        [at("eu", version="v1", zone="x"), at("eu", version="v1"), at("eu", version="v2", zone="x")],
    )
    assert [one.priority for one in found] == [0, 1, 2]


def test_hosts_of_one_locality_part_where_their_labels_do() -> None:
    setting = LocalityLbSetting(failover_priority=("version",))
    mixed = group(Locality("eu"), [*at("eu", version="v2").hosts, *at("eu", version="v1").hosts])
    found = arrange(HERE, LocalityRule(setting, failover=True), [mixed])
    assert [(one.priority, one.hosts[0].labels["version"]) for one in found] == [(0, "v1"), (1, "v2")]


def test_another_network_comes_after_everything_of_the_own_one() -> None:
    setting = LocalityLbSetting(failover_priority=(topology.NETWORK, topology.REGION))
    own = {topology.NETWORK: "n1"}
    found = arrange(
        HERE,
        LocalityRule(setting, failover=True),
        [
            at("us", **own, **{topology.REGION: "us"}),
            at("eu", **{topology.NETWORK: "n2", topology.REGION: "eu"}),
            at("eu", **own, **{topology.REGION: "eu"}),
            at("us", **{topology.NETWORK: "n2", topology.REGION: "us"}),
        ],
    )
    assert [one.priority for one in found] == [1, 2, 0, 3]


def test_shares_replace_weights_and_close_other_localities() -> None:
    setting = LocalityLbSetting(distribute=(LocalityDistribute(from_="eu/*", to={"eu/a/*": 70, "us": 30}),))
    found = arrange(HERE, LocalityRule(setting), [at("eu/a/1", 1), at("eu/a/2", 3), at("eu/b"), at("us/a")])
    assert [(one.weight, len(one.hosts)) for one in found] == [(18, 1), (53, 1), (None, 0), (30, 1)]


def test_shares_of_another_locality_are_not_the_own_ones() -> None:
    setting = LocalityLbSetting(distribute=(LocalityDistribute(from_="us/*", to={"eu": 100}),))
    groups = (at("eu/a/1"), at("us/a"))
    assert arrange(HERE, LocalityRule(setting), groups) == groups
