"""Virtual hosts one by one: they follow their route configurations, and none is lost or left behind."""

from __future__ import annotations

import pytest
from piecewise_world import answer, piecewise, quiet, version, world
from world import MOMENT, Client, World, read_delta

from isthmus.xds.order import CLUSTER, ROUTE, VIRTUAL_HOST
from isthmus.xds.requests import DeltaRequest


def test_they_come_when_their_route_configuration_was_taken():
    client = quiet(world(a="1", b="2"), "80")
    assert client.ask(VIRTUAL_HOST) == []
    assert answer(client) == [("vhds", {"80/a": "1", "80/b": "2"}, set())]


def test_those_of_route_configurations_that_nobody_asked_for_do_not_come():
    mesh = world("80", "81", a="1")
    mesh.put(VIRTUAL_HOST, **{"81/a": "1"})
    client = Client(mesh)
    client.ask(ROUTE, "80")
    assert client.ask(VIRTUAL_HOST) == [("vhds", {"80/a": "1"}, set())]
    assert client.change(mesh.put(VIRTUAL_HOST, **{"81/a": "2"})) == []


def test_a_change_is_one_virtual_host_and_a_removal_is_one_name():
    client = Client(world(a="1", b="2"))
    client.ask(ROUTE, "80")
    client.ask(VIRTUAL_HOST)
    assert client.change(client.world.put(VIRTUAL_HOST, **{"80/a": "3"})) == [("vhds", {"80/a": "3"}, set())]
    assert client.change(client.world.drop(VIRTUAL_HOST, "80/b")) == [("vhds", {}, {"80/b"})]


def test_a_domain_that_moves_is_said_in_one_response():
    client = Client(world(a="1"))
    client.ask(ROUTE, "80")
    client.ask(VIRTUAL_HOST)
    moved = (client.world.drop(VIRTUAL_HOST, "80/a"), client.world.put(VIRTUAL_HOST, **{"80/b": "1"}))
    assert client.change(*moved) == [("vhds", {"80/b": "1"}, {"80/a"})]


def test_a_route_configuration_without_any_is_told_of_a_removal_so_that_its_listener_goes_on():
    client = Client(world())
    client.ask(ROUTE, "80")
    assert client.ask(VIRTUAL_HOST) == [("vhds", {}, {"80/none"})]
    piecewise(client.world, "81")
    assert client.ask(ROUTE, "81") == [("rds", {"81": "r"}, set()), ("vhds", {}, {"81/none"})]


def test_a_route_configuration_that_comes_later_is_filled_without_being_asked():
    mesh = world("80", "81", a="1")
    mesh.put(VIRTUAL_HOST, **{"81/a": "1"})
    client = Client(mesh)
    client.ask(ROUTE, "80")
    client.ask(VIRTUAL_HOST)
    assert client.ask(ROUTE, "81") == [("rds", {"81": "r"}, set()), ("vhds", {"81/a": "1"}, set())]


def test_one_that_was_dropped_and_is_asked_for_again_is_filled_anew():
    """Envoy forgot its virtual hosts, and what has gone meanwhile may still be with it."""
    client = Client(world(a="1", b="2"))
    client.ask(ROUTE, "80")
    client.ask(VIRTUAL_HOST)
    client.ask(ROUTE, drop=("80",))
    assert client.change(client.world.drop(VIRTUAL_HOST, "80/b")) == []
    assert client.ask(ROUTE, "80") == [("rds", {"80": "r"}, set()), ("vhds", {"80/a": "1"}, {"80/b"})]


def test_a_rejected_route_configuration_gets_none_before_it_was_taken():
    client = quiet(world("80", "81", a="1"), "80", "81")
    client.ask(VIRTUAL_HOST)
    assert answer(client, error="bad") == [("rds", {"80": "r"}, set()), ("rds", {"81": "r"}, set())]
    first, second = client.messages[-2:]
    client.session.receive(DeltaRequest(ROUTE, nonce=second.nonce, error="bad"))
    assert client.take() == []
    client.session.receive(DeltaRequest(ROUTE, nonce=first.nonce))
    assert client.take() == [("vhds", {"80/a": "1"}, set())]


def test_a_client_that_comes_back_gets_the_difference():
    mesh = world(a="1", b="2", c="3")
    client = Client(mesh)
    known = {"80/a": version(mesh, VIRTUAL_HOST, "80/a"), "80/b": "old", "80/gone": "old"}
    assert client.ask(VIRTUAL_HOST, **known) == []
    assert client.ask(ROUTE, "80", **{"80": version(mesh, ROUTE, "80")}) == [
        ("vhds", {"80/b": "2", "80/c": "3"}, {"80/gone"})
    ]


def test_a_whole_route_configuration_ends_it():
    client = Client(world(a="1"))
    client.ask(ROUTE, "80")
    client.ask(VIRTUAL_HOST)
    changes = (client.world.put(ROUTE, **{"80": "whole"}), client.world.drop(VIRTUAL_HOST, "80/a"))
    assert client.change(*changes) == [("rds", {"80": "whole"}, set())]


def test_they_come_before_clusters_leave():
    mesh = world(a="1")
    mesh.put(CLUSTER, one="1")
    client = Client(mesh)
    client.ask(CLUSTER)
    client.ask(ROUTE, "80")
    client.ask(VIRTUAL_HOST)
    changes = (mesh.drop(CLUSTER, "one"), mesh.put(VIRTUAL_HOST, **{"80/a": "2"}))
    assert client.change(*changes) == [("vhds", {"80/a": "2"}, set()), ("cds", {}, {"one"})]


@pytest.mark.parametrize("repaired", [False, True])
def test_one_that_was_rejected_alone_is_tried_again_once_others_were_taken(repaired):
    client = quiet(world(a="1"), "80")
    client.ask(VIRTUAL_HOST)
    answer(client)
    client.session.mark(client.world.put(VIRTUAL_HOST, **{"80/b": "clash"}))
    assert answer(client) == [("vhds", {"80/b": "clash"}, set())]
    assert answer(client, error="a domain twice") == []
    client.session.mark(client.world.put(VIRTUAL_HOST, **{"80/a": "2"}))
    assert client.take() == [("vhds", {"80/a": "2"}, set())]
    assert answer(client) == [("vhds", {"80/b": "clash"}, set())]
    assert answer(client, error=None if repaired else "a domain twice") == []


def test_nothing_is_due_to_clients_that_ask_for_whole_ones():
    client = Client(World(rds={"80": "whole"}, vhds={"80/a": "1"}))
    client.ask(ROUTE, "80")
    assert client.change(client.world.put(VIRTUAL_HOST, **{"80/a": "2"})) == []
    assert client.ask(VIRTUAL_HOST) == [("vhds", {}, set())]
    assert read_delta(client.messages[-1]) == ("vhds", {}, set())
    assert client.session.next(client.world, MOMENT) is None
