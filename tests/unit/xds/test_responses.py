"""Responses that streams share."""

from __future__ import annotations

import pytest
from world import Client, World, read_delta

from isthmus.protos import pb
from isthmus.xds.delta import DeltaSession
from isthmus.xds.order import CLUSTER, ENDPOINT
from isthmus.xds.requests import DeltaRequest, Limits, delta_acknowledgement
from isthmus.xds.responses import Origin, Responses
from isthmus.xds.session import Moment

REQUEST = pb("envoy.service.discovery.v3.DeltaDiscoveryRequest")


def clients(world: World, count: int) -> list[Client]:
    shared, found = Responses(), []
    for _ in range(count):
        client = Client(world)
        client.session = DeltaSession(Limits(), Origin(responses=shared))
        found.append(client)
    return found


def test_streams_that_are_sent_the_same_are_sent_the_same_bytes():
    one, two = clients(World(cds={"a": "1", "b": "1"}), 2)
    one.ask(CLUSTER)
    two.ask(CLUSTER)
    change = one.world.put(CLUSTER, a="2")
    assert one.change(change) == two.change(change) == [("cds", {"a": "2"}, set())]
    for mine, other in zip(one.messages, two.messages, strict=True):
        assert mine.framed is other.framed


def test_a_stream_that_is_sent_the_same_again_is_sent_another_nonce():
    one, two = clients(World(cds={"a": "1"}), 2)
    for client in (one, two):
        client.ask(CLUSTER)
        client.ask(CLUSTER, "a")
    for client in (one, two):
        nonces = [message.nonce for message in client.messages]
        assert len(set(nonces)) == len(nonces) == 2
    assert [read_delta(message) for message in one.messages] == [("cds", {"a": "1"}, set())] * 2


def test_streams_that_hold_something_else_are_sent_something_else():
    """Endpoints count as changed with their cluster, and one stream has none."""
    one, two = clients(World(cds={"a": "1"}, eds={"a": "e"}), 2)
    one.ask(CLUSTER)
    assert one.ask(ENDPOINT, "a") == two.ask(ENDPOINT, "a") == [("eds", {"a": "e"}, set())]
    assert one.messages[-1].framed != two.messages[-1].framed


def test_responses_tell_the_version_of_all_configuration_that_they_were_composed_in():
    one, two = clients(World(cds={"a": "1"}), 2)
    found = []
    for client, version in ((one, "v1"), (two, "v2")):
        client.session.receive(DeltaRequest(CLUSTER))
        message = client.session.next(client.world, Moment(1.0, version))
        assert message is not None
        found.append(pb("envoy.service.discovery.v3.DeltaDiscoveryResponse").FromString(message.body))
    assert [response.system_version_info for response in found] == ["v1", "v2"]


def test_large_responses_are_not_kept_for_long():
    responses = Responses()
    (client,) = clients(World(cds={"a": "x" * 2**20}), 1)
    client.session = DeltaSession(Limits(), Origin(responses=responses))
    for number in range(20):
        client.change(client.world.put(CLUSTER, a=f"{number}" + "x" * 2**20))
        client.ask(CLUSTER, "a")
    assert responses.kept_bytes < 6 * 2**20


@pytest.mark.parametrize(
    "fields",
    [
        {"resource_names_subscribe": ["a"]},
        {"resource_names_unsubscribe": ["a"]},
        {"initial_resource_versions": {"a": "1"}},
        {"error_detail": {"message": "no good"}},
        {"error_detail": {}},
        {"node": {"id": "x"}},
        {"response_nonce": ""},
        {"type_url": ""},
    ],
    ids=str,
)
def test_a_request_that_says_more_is_no_plain_acknowledgement(fields):
    plain = {"type_url": CLUSTER, "response_nonce": "1f"}
    found = delta_acknowledgement(REQUEST(**plain).SerializeToString())
    assert found is not None
    assert (found.type_url, found.nonce) == (CLUSTER, "1f")
    assert delta_acknowledgement(REQUEST(**plain | fields).SerializeToString()) is None


def test_what_is_no_request_is_no_acknowledgement():
    assert delta_acknowledgement(b"\xff\xff") is None
