"""A client drops a route configuration and asks for it again: its virtual hosts are all sent again, and only its."""

from __future__ import annotations

import pytest
from piecewise_world import answer, piecewise, quiet, version, world
from world import Client, World

from isthmus.protos import pb
from isthmus.xds.order import ROUTE, VIRTUAL_HOST
from isthmus.xds.requests import DeltaRequest


def two() -> World:
    """Route configurations 80 and 81, with two virtual hosts each."""
    result = world("80", "81", a="1", b="2")
    result.put(VIRTUAL_HOST, **{"81/a": "3", "81/b": "4"})
    return result


def served(mesh: World) -> Client:
    client = Client(mesh)
    client.ask(ROUTE, "80", "81")
    client.ask(VIRTUAL_HOST)
    return client


@pytest.mark.parametrize(
    ("changed", "removed", "expected"),
    [
        ({}, (), {"81/a": "3", "81/b": "4"}),
        ({"81/a": "5"}, (), {"81/a": "5", "81/b": "4"}),
        ({"81/c": "6"}, (), {"81/a": "3", "81/b": "4", "81/c": "6"}),
        ({}, ("81/a",), {"81/b": "4"}),
        ({"81/c": "6"}, ("81/a", "81/b"), {"81/c": "6"}),
        ({}, ("81/a", "81/b"), {}),
    ],
    ids=["nothing", "a change", "an addition", "a removal", "others", "all are gone"],
)
def test_what_happened_meanwhile_is_not_said_before_and_all_of_it_then(changed, removed, expected):
    mesh = two()
    client = served(mesh)
    client.ask(ROUTE, drop=("81",))
    assert client.change(mesh.put(VIRTUAL_HOST, **changed), mesh.drop(VIRTUAL_HOST, *removed)) == []
    table, hosts = client.ask(ROUTE, "81")
    assert table == ("rds", {"81": "r"}, set())
    assert hosts[:2] == ("vhds", expected)
    assert hosts[2] >= set(removed)
    assert hosts[2] <= {*removed, "81/none"}


def test_the_other_route_configuration_goes_on_meanwhile_and_is_not_sent_again():
    mesh = two()
    client = served(mesh)
    client.ask(ROUTE, drop=("81",))
    assert client.change(mesh.put(VIRTUAL_HOST, **{"80/a": "5", "81/a": "6"})) == [("vhds", {"80/a": "5"}, set())]
    assert client.ask(ROUTE, "81") == [
        ("rds", {"81": "r"}, set()),
        ("vhds", {"81/a": "6", "81/b": "4"}, set()),
    ]
    assert client.change(mesh.put(VIRTUAL_HOST, **{"81/b": "7"})) == [("vhds", {"81/b": "7"}, set())]


@pytest.mark.parametrize("drop", [("81",), ()], ids=["dropped before", "not dropped"])
def test_a_name_that_is_asked_for_again_is_sent_again_with_all_that_belongs_to_it(drop):
    client = served(two())
    client.ask(ROUTE, drop=drop)
    assert client.ask(ROUTE, "81") == [
        ("rds", {"81": "r"}, set()),
        ("vhds", {"81/a": "3", "81/b": "4"}, set()),
    ]


def test_an_acknowledgement_from_before_it_was_dropped_does_not_count():
    client = quiet(two(), "80", "81")
    client.ask(VIRTUAL_HOST)
    (first,) = client.messages
    client.session.receive(DeltaRequest(ROUTE, unsubscribe=("81",)))
    client.session.receive(DeltaRequest(ROUTE, ("81",)))
    assert client.take() == [("rds", {"81": "r"}, set())]
    client.session.receive(DeltaRequest(ROUTE, nonce=first.nonce))
    assert client.take() == []  # 81 is outstanding: an answer would have Envoy use it without its virtual hosts
    client.session.receive(DeltaRequest(ROUTE, nonce=client.messages[-1].nonce))
    assert client.take() == [("vhds", {"80/a": "1", "80/b": "2", "81/a": "3", "81/b": "4"}, set())]


def test_none_is_sent_to_one_that_was_dropped_while_they_were_due():
    client = quiet(two(), "80", "81")
    client.ask(VIRTUAL_HOST)
    client.session.receive(DeltaRequest(ROUTE, unsubscribe=("81",)))
    assert answer(client) == [("vhds", {"80/a": "1", "80/b": "2"}, set())]


def test_one_that_went_from_the_mesh_and_came_again_is_filled_anew():
    mesh = two()
    client = served(mesh)
    assert client.change(mesh.drop(ROUTE, "81")) == [("rds", {}, {"81"})]
    assert client.change(piecewise(mesh, "81")) == [
        ("rds", {"81": "r"}, set()),
        ("vhds", {"81/a": "3", "81/b": "4"}, set()),
    ]


def test_a_client_that_comes_back_still_naming_virtual_hosts_of_a_dropped_one_gets_them_all_again():
    mesh = two()
    client = Client(mesh)
    known = {name: version(mesh, VIRTUAL_HOST, name) for name in mesh.texts(VIRTUAL_HOST)}
    client.ask(ROUTE, "80", **{"80": version(mesh, ROUTE, "80")})
    assert client.ask(VIRTUAL_HOST, **known, **{"81/gone": "old"}) == []
    assert client.ask(ROUTE, "81") == [
        ("rds", {"81": "r"}, set()),
        ("vhds", {"81/a": "3", "81/b": "4"}, {"81/gone"}),
    ]


def test_one_that_was_dropped_and_asked_for_again_between_two_streams_is_filled_anew():
    mesh = two()
    client = Client(mesh)
    known = {name: version(mesh, VIRTUAL_HOST, name) for name in mesh.texts(VIRTUAL_HOST)}
    assert client.ask(ROUTE, "80", "81", **{"80": version(mesh, ROUTE, "80")}) == [("rds", {"81": "r"}, set())]
    assert client.ask(VIRTUAL_HOST, **known) == [("vhds", {"81/a": "3", "81/b": "4"}, set())]


def test_what_was_filled_anew_is_known_by_its_new_versions_on_the_next_stream():
    mesh = two()
    first = served(mesh)
    first.ask(ROUTE, drop=("81",))
    first.ask(ROUTE, "81")
    held = {type_url: versions(first, type_url) for type_url in (ROUTE, VIRTUAL_HOST)}
    second = Client(mesh)
    assert second.ask(ROUTE, "80", "81", **held[ROUTE]) == []
    assert second.ask(VIRTUAL_HOST, **held[VIRTUAL_HOST]) == []
    assert second.change(mesh.put(VIRTUAL_HOST, **{"81/a": "5"})) == [("vhds", {"81/a": "5"}, set())]


def versions(client: Client, type_url: str) -> dict[str, str]:
    """What the client would say that it holds."""
    found = {}
    for message in client.messages:
        if message.type_url == type_url:
            response = pb("envoy.service.discovery.v3.DeltaDiscoveryResponse").FromString(message.body)
            found.update((one.name, one.version) for one in response.resources)
    return found
