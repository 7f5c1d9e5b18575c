"""The incremental variant: requests and changes in, responses out."""

from __future__ import annotations

import pytest
from world import MOMENT, Client, World, read_delta

from isthmus.protos import pb
from isthmus.rpc.refusal import Code, Refused
from isthmus.xds.order import CLUSTER, ENDPOINT, LISTENER, NAME_TABLE, PROXY_CONFIG, ROUTE
from isthmus.xds.requests import DeltaRequest, Limits
from isthmus.xds.resources import ALL, content_version
from isthmus.xds.session import Receipt

UNKNOWN = "type.googleapis.com/example.Unknown"


def test_a_first_request_without_names_gets_everything():
    client = Client(World(cds={"a": "1", "b": "2"}))
    assert client.ask(CLUSTER) == [("cds", {"a": "1", "b": "2"}, set())]


def test_a_star_gets_everything_too():
    assert Client(World(cds={"a": "1"})).ask(CLUSTER, "*") == [("cds", {"a": "1"}, set())]


def test_an_empty_answer_is_sent_so_that_the_client_can_go_on():
    assert Client(World()).ask(CLUSTER) == [("cds", {}, set())]


def test_an_unknown_type_gets_an_empty_answer():
    assert Client(World()).ask(UNKNOWN) == [(UNKNOWN, {}, set())]


def test_what_istios_agent_keeps_to_itself_is_sent_or_not_answered():
    client = Client(World(nds={"table": "1"}))
    assert client.ask(NAME_TABLE) == [("nds", {"table": "1"}, set())]
    assert client.ask(PROXY_CONFIG) == []
    assert client.change(client.world.put(PROXY_CONFIG, config="1")) == [("pcds", {"config": "1"}, set())]


def test_names_get_those_resources_and_the_news_that_others_do_not_exist():
    client = Client(World(rds={"80": "r", "90": "s"}))
    assert client.ask(ROUTE, "80", "81") == [("rds", {"80": "r"}, {"81"})]


def test_a_subscription_to_no_endpoints_is_not_one_to_all():
    client = Client(World(eds={"a": "1"}))
    assert client.ask(ENDPOINT) == [("eds", {}, set())]
    assert client.change(client.world.put(ENDPOINT, a="2")) == []


def test_a_change_is_sent_once_and_only_to_whom_it_concerns():
    client = Client(World(rds={"80": "r"}))
    client.ask(ROUTE, "80")
    assert client.change(client.world.put(ROUTE, **{"80": "s"})) == [("rds", {"80": "s"}, set())]
    assert client.take() == []
    assert client.change(client.world.put(ROUTE, **{"90": "x"})) == []


def test_a_change_that_changes_nothing_is_not_sent():
    client = Client(World(cds={"a": "1"}))
    client.ask(CLUSTER)
    assert client.change({CLUSTER: {"a"}}, {CLUSTER: ALL}) == []


def test_several_changes_before_the_client_reads_are_one_response_of_the_newest_state():
    client = Client(World(cds={"a": "1"}))
    client.ask(CLUSTER)
    for text in "23456":
        client.session.mark(client.world.put(CLUSTER, a=text))
    client.session.mark(client.world.put(CLUSTER, b="1"))
    client.session.mark(client.world.drop(CLUSTER, "b"))
    assert client.take() == [("cds", {"a": "6"}, set())]


def test_a_name_that_appears_later_is_sent_then():
    client = Client(World())
    client.ask(ROUTE, "80")
    assert client.change(client.world.put(ROUTE, **{"80": "r"})) == [("rds", {"80": "r"}, set())]


def test_what_is_removed_is_said_once():
    client = Client(World(lds={"a": "1", "b": "2"}))
    client.ask(LISTENER)
    assert client.change(client.world.drop(LISTENER, "a")) == [("lds", {}, {"a"})]
    assert client.change({LISTENER: ALL}) == []


def test_types_are_sent_in_envoys_order_whatever_order_they_changed_in():
    client = Client(World(cds={"a": "1"}, eds={"a": "e"}, lds={"l": "1"}, rds={"80": "1"}))
    client.ask(CLUSTER)
    client.ask(ROUTE, "80")
    client.ask(LISTENER)
    client.ask(ENDPOINT, "a")
    world = client.world
    changes = (
        world.put(ROUTE, **{"80": "2"}),
        world.put(LISTENER, l="2"),
        world.put(ENDPOINT, a="f"),
        world.put(CLUSTER, a="2"),
    )
    assert [short for short, *_ in client.change(*changes)] == ["cds", "eds", "lds", "rds"]


def test_a_cluster_leaves_after_routes_stopped_naming_it():
    client = Client(World(cds={"old": "1"}, rds={"80": "to old"}))
    client.ask(CLUSTER)
    client.ask(ROUTE, "80")
    world = client.world
    changes = world.put(CLUSTER, new="1"), world.drop(CLUSTER, "old"), world.put(ROUTE, **{"80": "to new"})
    assert client.change(*changes) == [
        ("cds", {"new": "1"}, set()),
        ("rds", {"80": "to new"}, set()),
        ("cds", {}, {"old"}),
    ]


def test_a_cluster_that_is_back_before_it_left_stays():
    client = Client(World(cds={"a": "1"}, rds={"80": "1"}))
    client.ask(CLUSTER)
    client.ask(ROUTE, "80")
    world = client.world
    client.session.mark(world.drop(CLUSTER, "a") | world.put(ROUTE, **{"80": "2"}))
    assert client.session.next(world, MOMENT).type_url == ROUTE
    client.session.mark(world.put(CLUSTER, a="1"))
    assert client.take() == []


def test_endpoints_of_a_changed_cluster_are_sent_again():
    client = Client(World(cds={"a": "1", "b": "1"}, eds={"a": "e", "b": "f"}))
    client.ask(CLUSTER)
    client.ask(ENDPOINT, "a", "b")
    assert client.change(client.world.put(CLUSTER, a="2")) == [("cds", {"a": "2"}, set()), ("eds", {"a": "e"}, set())]


def test_endpoints_of_a_new_cluster_go_along_so_that_it_is_ready_when_routes_come():
    client = Client(World(cds={"a": "1"}, eds={"a": "e"}, rds={"80": "a"}))
    client.ask(CLUSTER)
    client.ask(ENDPOINT, "a")
    client.ask(ROUTE, "80")
    world = client.world
    changes = world.put(CLUSTER, b="1"), world.put(ENDPOINT, b="f"), world.put(ROUTE, **{"80": "b"})
    assert client.change(*changes) == [
        ("cds", {"b": "1"}, set()),
        ("eds", {"b": "f"}, set()),
        ("rds", {"80": "b"}, set()),
    ]
    assert client.ask(ENDPOINT, "b") == [("eds", {"b": "f"}, set())]


def test_a_cluster_stays_until_the_client_has_answered_the_last_response_with_clusters():
    client = Client(World(cds={"old": "1"}), answering=False)
    client.ask(CLUSTER)
    client.session.receive(DeltaRequest(CLUSTER, nonce=client.messages[0].nonce))
    world = client.world
    assert client.change(world.put(CLUSTER, new="1") | world.drop(CLUSTER, "old") | {CLUSTER: {"old", "new"}}) == [
        ("cds", {"new": "1"}, set())
    ]
    client.session.receive(DeltaRequest(CLUSTER, nonce=client.messages[1].nonce))
    assert client.take() == [("cds", {}, {"old"})]


def test_a_client_that_comes_back_keeps_its_clusters_until_it_has_its_routes():
    world = World(cds={"old": "1"}, rds={"80": "old"})
    before = Client(world)
    before.ask(CLUSTER)
    before.ask(ROUTE, "80")
    known = versions(before)
    world.drop(CLUSTER, "old")
    world.put(ROUTE, **{"80": "nowhere"})
    after = Client(world, answering=False)
    assert after.ask(CLUSTER, **known[CLUSTER]) == [("cds", {}, set())]
    assert after.ask(ROUTE, "80", **known[ROUTE]) == [("rds", {"80": "nowhere"}, set())]
    after.session.receive(DeltaRequest(CLUSTER, nonce=after.messages[0].nonce))
    assert after.take() == [("cds", {}, {"old"})]


def versions(client: Client) -> dict[str, dict[str, str]]:
    """What a client would say of the resources it got."""
    known: dict[str, dict[str, str]] = {}
    for message in client.messages:
        response = pb("envoy.service.discovery.v3.DeltaDiscoveryResponse").FromString(message.body)
        held = known.setdefault(message.type_url, {})
        held.update((entry.name, entry.version) for entry in response.resources)
        for name in response.removed_resources:
            held.pop(name, None)
    return known


def test_a_client_that_comes_back_gets_the_difference():
    world = World(cds={"a": "1", "b": "1", "c": "1"}, eds={"a": "e", "b": "e"})
    before = Client(world)
    before.ask(CLUSTER)
    before.ask(ENDPOINT, "a", "b")
    known = versions(before)
    world.put(CLUSTER, b="2", d="1")
    world.drop(CLUSTER, "c")
    after = Client(world)
    assert after.ask(CLUSTER, **known[CLUSTER]) == [("cds", {"b": "2", "d": "1"}, set()), ("cds", {}, {"c"})]
    assert after.ask(ENDPOINT, "a", "b", **known[ENDPOINT]) == [("eds", {"b": "e"}, set())]


def test_a_client_that_comes_back_to_an_unchanged_world_gets_nothing():
    world = World(cds={"a": "1"}, eds={"a": "e"}, lds={"l": "1"}, rds={"80": "r"})
    before = Client(world)
    for type_url, names in ((CLUSTER, ()), (ENDPOINT, ("a",)), (LISTENER, ()), (ROUTE, ("80",))):
        before.ask(type_url, *names)
    after = Client(world)
    for type_url, known in versions(before).items():
        names = () if type_url in (CLUSTER, LISTENER) else tuple(known)
        assert after.ask(type_url, *names, **known) == []


def test_a_stream_that_broke_between_a_cluster_and_its_endpoints_does_not_leave_it_warming():
    world = World(cds={"a": "1"}, eds={"a": "e"})
    before = Client(world)
    before.ask(CLUSTER)
    before.ask(ENDPOINT, "a")
    world.put(CLUSTER, a="2")
    before.session.mark({CLUSTER: {"a"}})
    before.messages.append(before.session.next(world, MOMENT))
    known = versions(before)
    after = Client(world)
    assert after.ask(CLUSTER, **known[CLUSTER]) == []
    assert after.ask(ENDPOINT, "a", **known[ENDPOINT]) == [("eds", {"a": "e"}, set())]


def test_names_that_a_client_brings_along_are_subscribed():
    world = World(rds={"80": "r"})
    client = Client(world)
    assert client.ask(ROUTE, **{"80": content_version(b"r"), "90": "gone"}) == [("rds", {}, {"90"})]
    assert client.change(world.put(ROUTE, **{"80": "s"})) == [("rds", {"80": "s"}, set())]


def test_to_name_a_resource_again_is_to_ask_for_it_again():
    client = Client(World(rds={"80": "r", "90": "s"}))
    client.ask(ROUTE, "80", "90")
    assert client.ask(ROUTE, "80") == [("rds", {"80": "r"}, set())]


def test_more_names_get_only_those():
    client = Client(World(eds={"a": "1", "b": "2"}))
    client.ask(ENDPOINT, "a")
    assert client.ask(ENDPOINT, "b") == [("eds", {"b": "2"}, set())]


def test_to_unsubscribe_is_not_answered_and_ends_updates():
    client = Client(World(eds={"a": "1", "b": "2"}))
    client.ask(ENDPOINT, "a", "b")
    assert client.ask(ENDPOINT, drop=("a",)) == []
    assert client.change(client.world.put(ENDPOINT, a="3")) == []
    assert client.ask(ENDPOINT, "a") == [("eds", {"a": "3"}, set())]


def test_to_unsubscribe_from_everything_keeps_what_was_named():
    client = Client(World(cds={"a": "1", "b": "1"}))
    client.ask(CLUSTER, "*", "a")
    assert client.ask(CLUSTER, drop=("*",)) == []
    assert client.change(client.world.put(CLUSTER, a="2", b="2")) == [("cds", {"a": "2"}, set())]


def test_to_unsubscribe_from_a_name_under_a_wildcard_is_answered():
    client = Client(World(cds={"a": "1"}))
    client.ask(CLUSTER, "*", "a", "b")
    assert client.ask(CLUSTER, drop=("a", "b")) == [("cds", {"a": "1"}, {"b"})]


def test_a_wildcard_can_be_added_later():
    client = Client(World(cds={"a": "1", "b": "1"}))
    client.ask(CLUSTER, "a")
    assert client.ask(CLUSTER, "*") == [("cds", {"b": "1"}, set())]


def test_an_acknowledgement_is_noted_and_not_answered():
    client = Client(World(cds={"a": "1"}), answering=False)
    client.ask(CLUSTER)
    assert client.session.receive(DeltaRequest(CLUSTER, nonce=client.messages[0].nonce)) is Receipt.ACK
    assert client.take() == []
    ledger = client.session.ledgers[CLUSTER]
    assert ledger.sent == ledger.acked
    assert ledger.sent_at == 1.0


def test_a_rejection_is_noted_and_not_answered_until_something_changes():
    client = Client(World(cds={"a": "1"}), answering=False)
    client.ask(CLUSTER)
    nack = DeltaRequest(CLUSTER, nonce=client.messages[0].nonce, error="bad cluster")
    assert client.session.receive(nack) is Receipt.NACK
    assert client.take() == []
    assert client.session.ledgers[CLUSTER].error == "bad cluster"
    assert client.session.ledgers[CLUSTER].acked == ""
    assert client.change(client.world.put(CLUSTER, a="2")) == [("cds", {"a": "2"}, set())]
    assert client.session.receive(DeltaRequest(CLUSTER, nonce=client.messages[1].nonce)) is Receipt.ACK
    assert client.session.ledgers[CLUSTER].error == ""


def test_what_was_rejected_with_others_is_sent_in_halves_until_the_bad_one_is_alone():
    client = Client(World(rds={"a": "1", "b": "bad", "c": "3", "d": "4"}), answering=False)
    client.ask(ROUTE, "a", "b", "c", "d")
    sent = []
    for message in client.messages:  # grows while the client answers
        bad = "bad" in read_delta(message)[1].values()
        client.session.receive(DeltaRequest(ROUTE, nonce=message.nonce, error="no good" if bad else None))
        sent += client.take()
    assert sorted(sorted(added) for _, added, _ in sent) == [["a"], ["a", "b"], ["b"], ["c", "d"]]
    assert client.change({ROUTE: ALL}) == []
    assert client.change(client.world.put(ROUTE, b="2")) == [("rds", {"b": "2"}, set())]


def test_rejected_clusters_are_sent_in_halves_too_as_envoy_may_have_taken_none():
    client = Client(World(cds={"a": "1", "b": "bad", "c": "1"}), answering=False)
    client.ask(CLUSTER)
    client.session.receive(DeltaRequest(CLUSTER, nonce=client.messages[0].nonce, error="no good"))
    assert client.take() == [("cds", {"a": "1"}, set()), ("cds", {"b": "bad", "c": "1"}, set())]


def test_a_removal_that_was_rejected_with_a_bad_resource_is_said_again():
    client = Client(World(lds={"a": "1", "b": "1"}))
    client.ask(LISTENER)
    client.answering = False
    assert client.change(client.world.put(LISTENER, a="bad"), client.world.drop(LISTENER, "b")) == [
        ("lds", {"a": "bad"}, {"b"})
    ]
    client.session.receive(DeltaRequest(LISTENER, nonce=client.messages[-1].nonce, error="no good"))
    assert client.take() == [("lds", {"a": "bad"}, set()), ("lds", {}, {"b"})]


def test_a_stale_acknowledgement_is_told_apart_but_its_names_count():
    client = Client(World(rds={"80": "r", "90": "s"}))
    client.ask(ROUTE, "80")
    client.change(client.world.put(ROUTE, **{"80": "t"}))
    request = DeltaRequest(ROUTE, ("90",), nonce=client.messages[0].nonce)
    assert client.session.receive(request) is Receipt.STALE
    assert client.take() == [("rds", {"90": "s"}, set())]


def test_nonces_are_never_used_twice():
    client = Client(World(cds={"a": "1"}, lds={"l": "1"}))
    client.ask(CLUSTER)
    client.ask(LISTENER)
    client.change(client.world.put(CLUSTER, a="2"))
    nonces = [message.nonce for message in client.messages]
    assert len(set(nonces)) == 3


def test_a_client_cannot_name_more_than_the_limits():
    client = Client(World(), Limits(names=3))
    client.ask(ROUTE, "a", "b")
    with pytest.raises(Refused) as caught:
        client.ask(ROUTE, "c", "d")
    assert caught.value.code is Code.RESOURCE_EXHAUSTED


def test_a_client_cannot_ask_for_more_types_than_the_limits():
    client = Client(World(), Limits(types=2))
    client.ask(ROUTE, "a")
    client.ask(CLUSTER)
    with pytest.raises(Refused, match="types"):
        client.ask(LISTENER)
