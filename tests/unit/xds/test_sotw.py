"""The state-of-the-world variant: requests and changes in, responses out."""

from __future__ import annotations

from world import SotwClient, World

from isthmus.xds.order import CLUSTER, ENDPOINT, LISTENER, NAME_TABLE, PROXY_CONFIG, ROUTE, SECRET
from isthmus.xds.resources import ALL
from isthmus.xds.session import Receipt

UNKNOWN = "type.googleapis.com/example.Unknown"


def test_clusters_are_all_sent_and_all_again_when_one_changes():
    client = SotwClient(World(cds={"a": "1", "b": "1"}))
    assert client.ask(CLUSTER) == [("cds", ["1", "1"])]
    assert client.change(client.world.put(CLUSTER, b="2")) == [("cds", ["1", "2"])]
    assert client.change({CLUSTER: ALL}) == []


def test_nothing_is_an_answer_too():
    client = SotwClient(World())
    assert client.ask(CLUSTER) == [("cds", [])]
    assert client.ask(UNKNOWN) == [(UNKNOWN, [])]
    assert client.ask(ROUTE, "80") == [("rds", [])]


def test_what_istios_agent_keeps_to_itself_is_sent_or_not_answered():
    client = SotwClient(World(nds={"table": "1"}))
    assert client.ask(NAME_TABLE) == [("nds", ["1"])]
    assert client.ask(PROXY_CONFIG) == []
    assert client.change(client.world.put(PROXY_CONFIG, config="1")) == [("pcds", ["1"])]


def test_a_request_for_no_endpoints_or_secrets_gets_none():
    client = SotwClient(World(eds={"a": "1"}))
    assert client.ask(ENDPOINT) == []
    assert client.ask(SECRET) == []


def test_endpoints_are_sent_in_part():
    client = SotwClient(World(eds={"a": "1", "b": "1"}))
    assert client.ask(ENDPOINT, "a", "b") == [("eds", ["1", "1"])]
    assert client.change(client.world.put(ENDPOINT, b="2")) == [("eds", ["2"])]
    assert client.change(client.world.put(ENDPOINT, c="3")) == []


def test_more_names_get_those_and_fewer_get_no_answer():
    client = SotwClient(World(rds={"80": "r", "90": "s"}))
    client.ask(ROUTE, "80")
    assert client.ask(ROUTE, "80", "90") == [("rds", ["s"])]
    assert client.ask(ROUTE, "90") == []
    assert client.change(client.world.put(ROUTE, **{"80": "t"})) == []


def test_an_acknowledgement_is_noted_and_not_answered():
    client = SotwClient(World(cds={"a": "1"}), answering=False)
    client.ask(CLUSTER)
    assert client.ask(CLUSTER) == []
    assert client.receipt is Receipt.ACK
    assert client.session.ledgers[CLUSTER].acked == client.nonces[CLUSTER]


def test_a_stale_nonce_is_ignored_with_its_names():
    client = SotwClient(World(rds={"80": "r", "90": "s"}), answering=False)
    client.ask(ROUTE, "80")
    old = client.nonces[ROUTE]
    client.change(client.world.put(ROUTE, **{"80": "t"}))
    assert client.ask(ROUTE, "80", "90", nonce=old) == []
    assert client.receipt is Receipt.STALE
    assert client.ask(ROUTE, "80", "90") == [("rds", ["s"])]


def test_a_rejection_is_noted_and_not_answered_until_something_changes():
    client = SotwClient(World(cds={"a": "1"}), answering=False)
    client.ask(CLUSTER)
    assert client.ask(CLUSTER, error="bad") == []
    assert client.session.ledgers[CLUSTER].error == "bad"
    assert client.change(client.world.put(CLUSTER, a="2")) == [("cds", ["2"])]


def test_a_request_without_nonce_starts_over():
    client = SotwClient(World(cds={"a": "1"}))
    client.ask(CLUSTER)
    assert client.ask(CLUSTER, nonce="") == [("cds", ["1"])]


def test_types_are_sent_in_envoys_order_and_clusters_leave_last():
    client = SotwClient(World(cds={"a": "a"}, eds={"a": "e"}, lds={"l": "1"}, rds={"80": "1"}))
    client.ask(CLUSTER)
    client.ask(ENDPOINT, "a", "b")
    client.ask(LISTENER)
    client.ask(ROUTE, "80")
    world = client.world
    changes = (
        world.put(ROUTE, **{"80": "2"}),
        world.put(LISTENER, l="2"),
        world.drop(CLUSTER, "a"),
        world.put(CLUSTER, b="b"),
        world.put(ENDPOINT, b="f"),
    )
    assert client.change(*changes) == [
        ("cds", ["a", "b"]),
        ("eds", ["f"]),
        ("lds", ["2"]),
        ("rds", ["2"]),
        ("cds", ["b"]),
    ]


def test_a_cluster_that_is_only_removed_goes_without_being_sent_again():
    client = SotwClient(World(cds={"a": "a", "b": "b"}))
    client.ask(CLUSTER)
    assert client.change(client.world.drop(CLUSTER, "a")) == [("cds", ["b"])]


def test_endpoints_of_a_changed_cluster_are_sent_again():
    client = SotwClient(World(cds={"a": "1", "b": "1"}, eds={"a": "e", "b": "f"}))
    client.ask(CLUSTER)
    client.ask(ENDPOINT, "a", "b")
    assert client.change(client.world.put(CLUSTER, a="2")) == [("cds", ["1", "2"]), ("eds", ["e"])]


def test_a_removed_listener_is_missing_from_the_next_response():
    client = SotwClient(World(lds={"a": "1", "b": "2"}))
    client.ask(LISTENER)
    assert client.change(client.world.drop(LISTENER, "a")) == [("lds", ["2"])]
