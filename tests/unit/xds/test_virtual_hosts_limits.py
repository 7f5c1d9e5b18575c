"""What belongs together is not split however much it is, and no name that somebody made up costs a stream."""

from __future__ import annotations

import pytest
from piecewise_world import piecewise, world
from world import Client

from isthmus.protos import pb
from isthmus.rpc.refusal import Refused
from isthmus.xds.order import ENDPOINT, ROUTE, VIRTUAL_HOST
from isthmus.xds.requests import PORTION, DeltaRequest, Limits, parse_delta

MANY = PORTION + 1


def served(limits: Limits | None = None, **hosts: str) -> Client:
    client = Client(world(**hosts), limits)
    client.ask(ROUTE, "80")
    client.ask(VIRTUAL_HOST)
    return client


def request(limits: Limits, *names: str, drop: tuple[str, ...] = (), type_url: str = VIRTUAL_HOST) -> DeltaRequest:
    message = pb("envoy.service.discovery.v3.DeltaDiscoveryRequest")(
        type_url=type_url, resource_names_subscribe=names, resource_names_unsubscribe=drop
    )
    return parse_delta(message.SerializeToString(), limits)


def test_all_virtual_hosts_of_a_route_configuration_come_in_one_response():
    """Envoy serves with the first of them that come."""
    client = Client(world(**{f"h{number}": "1" for number in range(MANY)}))
    client.ask(ROUTE, "80")
    ((_, added, _),) = client.ask(VIRTUAL_HOST)
    assert len(added) == MANY


def test_all_that_changes_at_once_comes_in_one_response():
    """Two virtual hosts may have changed a domain between them."""
    names = {f"80/h{number}" for number in range(MANY)}
    client = served(**{name.partition("/")[2]: "1" for name in names})
    ((_, added, removed),) = client.change(
        client.world.put(VIRTUAL_HOST, **dict.fromkeys(names, "2")), client.world.drop(VIRTUAL_HOST, "80/h0")
    )
    assert (added.keys(), removed) == (names - {"80/h0"}, {"80/h0"})


def test_all_that_is_asked_for_again_comes_in_one_response():
    client = served(**{f"h{number}": "1" for number in range(MANY)})
    client.ask(ROUTE, drop=("80",))
    _, (_, added, _) = client.ask(ROUTE, "80")
    assert len(added) == MANY


def test_a_name_that_is_asked_for_is_answered_and_not_remembered():
    client = served(a="1")
    assert client.ask(VIRTUAL_HOST, "80/a", "80/made.up") == [("vhds", {"80/a": "1"}, {"80/made.up"})]
    assert client.ask(VIRTUAL_HOST, drop=("80/made.up",)) == [("vhds", {}, {"80/made.up"})]
    assert client.change(client.world.put(VIRTUAL_HOST, **{"80/made.up": "2", "80/a": "3"})) == [
        ("vhds", {"80/made.up": "2", "80/a": "3"}, set())
    ]


def test_names_without_end_cost_no_stream_and_what_there_is_goes_on_coming():
    limits = Limits(names=1000, kept_bytes=100_000)
    client = served(limits, a="1")
    for turn in range(100):
        names = [f"80/{turn}-{number:080}" for number in range(50)]
        client.session.receive(request(limits, *names, "80/" + "x" * 5000, ""))
        ((_, _, removed),) = client.take()
        assert removed == set(names)
    assert client.change(client.world.put(VIRTUAL_HOST, **{"80/a": "2"})) == [("vhds", {"80/a": "2"}, set())]


def test_names_that_pile_up_while_a_client_takes_nothing_are_bounded():
    client = served(a="1")
    for turn in range(30):
        client.session.receive(request(Limits(), *(f"80/{turn}-{number}" for number in range(1000))))
    client.session.mark(client.world.put(VIRTUAL_HOST, **{"80/a": "2"}))
    ((_, added, removed),) = client.take()
    assert (added, len(removed)) == ({"80/a": "2"}, PORTION)


@pytest.mark.parametrize("odd", ["80/" + "x" * 5000, ""], ids=["long", "empty"])
def test_an_odd_name_is_left_out_of_a_request_for_virtual_hosts_and_of_no_other(odd):
    assert request(Limits(), "80/a", odd, drop=(odd,)).subscribe == ("80/a",)
    assert request(Limits(), drop=(odd,)).unsubscribe == ()
    with pytest.raises(Refused, match="resource name of"):
        request(Limits(), "a", odd, type_url=ENDPOINT)


def test_more_names_than_any_other_type_may_have_are_no_error():
    limits = Limits(names=10)
    assert len(request(limits, *(f"80/{number}" for number in range(11))).subscribe) == 11
    with pytest.raises(Refused, match="the limit is 10"):
        request(limits, *(f"{number}" for number in range(11)), type_url=ENDPOINT)


def test_a_client_whose_first_request_has_names_gets_all_that_it_has_the_route_configurations_of():
    mesh = world(a="1", b="2")
    client = Client(mesh)
    client.ask(ROUTE, "80")
    assert client.ask(VIRTUAL_HOST, "80/a", "80/made.up") == [("vhds", {"80/a": "1", "80/b": "2"}, {"80/made.up"})]


def test_the_size_of_a_virtual_host_counts_for_no_budget():
    client = served(Limits(kept_bytes=1000), a="1")
    large = "x" * 5_000_000
    assert client.change(client.world.put(VIRTUAL_HOST, **{"80/a": large})) == [("vhds", {"80/a": large}, set())]
    piecewise(client.world, "81")
    assert client.ask(ROUTE, "81") == [("rds", {"81": "r"}, set()), ("vhds", {}, {"81/none"})]
