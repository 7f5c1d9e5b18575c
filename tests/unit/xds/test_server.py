"""The server as grpcio clients meet it: streams are served, told of changes, refused and ended one by one."""

from __future__ import annotations

import asyncio

import grpc
import pytest
import structlog
from plane import METADATA, Stream, node

from isthmus.model.identity import Caller, SpiffeId
from isthmus.rpc.refusal import Code, Refused
from isthmus.xds.order import CLUSTER, ENDPOINT, HEALTH
from isthmus.xds.requests import Limits
from isthmus.xds.settings import XdsSettings
from isthmus.xds.variants import DELTA, SOTW

INVALID = grpc.StatusCode.INVALID_ARGUMENT
EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED
WEB = Caller((SpiffeId("cluster.local", "shop", "web"),), "token")


@pytest.mark.parametrize("variant", [DELTA, SOTW], ids=["delta", "sotw"])
async def test_a_client_gets_resources_and_changes(start, variant):
    plane = await start()
    async with Stream(plane.port, variant) as stream:
        first = await stream.ask(CLUSTER)
        assert (len(first.resources), first.type_url) == (1, CLUSTER)
        await stream.send(type_url=CLUSTER, response_nonce=first.nonce)
        plane.put(CLUSTER, a="2")
        second = await stream.receive()
        assert b"2" in second.SerializeToString()
        assert second.nonce != first.nonce


async def test_streams_with_one_subscriber_are_all_told(start):
    plane = await start()
    async with Stream(plane.port) as one, Stream(plane.port) as two:
        await one.ask(CLUSTER, node=node("one"))
        await two.ask(CLUSTER, node=node("two"))
        assert len(plane.xds.connections) == 2
        plane.put(CLUSTER, a="2")
        for stream in (one, two):
            assert (await stream.receive()).resources[0].resource.value == b"2"
    await plane.source.until_open(0)


@pytest.mark.parametrize(
    ("data", "code", "detail"),
    [
        (b"\xff\xff\xff\xff", INVALID, "not a DeltaDiscoveryRequest"),
        (b"", INVALID, "without type_url"),
        (b"\x1a\x01n", INVALID, "without type_url"),
        (b"x" * 3000, EXHAUSTED, "the limit is 2000"),
        (b"\x12\x01t", INVALID, "missing node information"),
        (b"\x0a\x03\x0a\x01x\x12\x01t", INVALID, "not of the form"),
        (b"\x12\x01t\x1a\x00", INVALID, "resource name of 0 characters"),
    ],
    ids=["garbage", "empty", "no type", "huge", "no node", "odd node", "empty name"],
)
async def test_garbage_ends_that_stream_alone(start, data, code, detail):
    plane = await start(XdsSettings(limits=Limits(message_bytes=2000)))
    async with Stream(plane.port) as good, Stream(plane.port) as bad:
        await good.ask(CLUSTER)
        await bad.call.write(data)
        got, message = await bad.ending()
        assert (got, detail in message) == (code, True), message
        plane.put(CLUSTER, a="2")
        assert (await good.receive()).resources[0].resource.value == b"2"


async def test_garbage_ends_only_its_stream_of_a_shared_connection(start):
    plane = await start()
    async with Stream(plane.port) as good:
        await good.ask(CLUSTER)
        bad = good.channel.stream_stream(DELTA.method, None, None)()
        await bad.write(b"\xff\xff")
        assert await bad.code() is INVALID
        plane.put(CLUSTER, a="2")
        assert (await good.receive()).resources[0].resource.value == b"2"


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
ODD_SETTINGS = b"\x00\x00\x05\x04\x00\x00\x00\x00\x00hello"
ENDLESS_FRAME = b"\xff\xff\xff\x00\x00\x00\x00\x00\x01" + b"x" * 20_000


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n" * 2, PREFACE + ODD_SETTINGS, PREFACE + ENDLESS_FRAME])
async def test_a_connection_that_does_not_speak_http2_is_closed_alone(start, data):
    plane = await start()
    async with Stream(plane.port) as good:
        await good.ask(CLUSTER)
        reader, writer = await asyncio.open_connection("127.0.0.1", plane.port)
        writer.write(data)
        async with asyncio.timeout(10):
            await reader.read()
        writer.close()
        plane.put(CLUSTER, a="2")
        assert (await good.receive()).resources[0].resource.value == b"2"


async def test_a_compressed_message_is_refused(start):
    plane = await start()
    async with Stream(plane.port, compression=grpc.Compression.Gzip) as stream:
        await stream.send(node=node(), type_url=CLUSTER, resource_names_subscribe=["a" * 500])
        code, message = await stream.ending()
        assert code is grpc.StatusCode.UNIMPLEMENTED
        assert "compressed" in message


async def test_an_unknown_type_gets_an_empty_answer_and_the_stream_goes_on(start):
    plane = await start()
    async with Stream(plane.port) as stream:
        answer = await stream.ask("type.googleapis.com/example.Unknown")
        assert not answer.resources
        assert (await stream.ask(CLUSTER)).resources


async def test_reports_of_health_are_taken_without_an_answer(start):
    plane = await start()
    async with Stream(plane.port) as stream:
        await stream.send(node=node(), type_url=HEALTH)
        assert (await stream.ask(CLUSTER)).type_url == CLUSTER


async def test_a_client_that_says_nothing_is_sent_away(start):
    plane = await start(XdsSettings(first_request=0.05))
    async with Stream(plane.port) as stream:
        code, message = await stream.ending()
        assert (code, message) == (grpc.StatusCode.DEADLINE_EXCEEDED, "no request came")


async def test_a_caller_must_be_the_proxy_that_it_claims_to_be(start):
    plane = await start(caller=WEB)
    async with Stream(plane.port) as stream:
        await stream.ask(CLUSTER)
    for claim in ({"NAMESPACE": "bank"}, {"SERVICE_ACCOUNT": "admin"}):
        async with Stream(plane.port) as stream:
            await stream.send(node=node(metadata={**METADATA, **claim}), type_url=CLUSTER)
            code, message = await stream.ending()
            assert code is grpc.StatusCode.PERMISSION_DENIED
            assert "spiffe://cluster.local/ns/shop/sa/web" in message


async def test_a_source_that_is_not_ready_is_an_unavailable_server(start):
    plane = await start()
    plane.source.refusal = Refused(Code.UNAVAILABLE, "still listing")
    async with Stream(plane.port) as stream:
        await stream.send(node=node(), type_url=CLUSTER)
        assert await stream.ending() == (grpc.StatusCode.UNAVAILABLE, "still listing")


async def test_a_bug_ends_its_stream_and_is_counted(start):
    plane = await start()
    async with Stream(plane.port) as good, Stream(plane.port) as stream:
        await good.ask(CLUSTER)
        await stream.send(node=node(), type_url="type.googleapis.com/example.Broken")
        assert await stream.ending() == (grpc.StatusCode.INTERNAL, "internal error")
        assert plane.registry.get_sample_value("pilot_total_xds_internal_errors_total") == 1
        plane.put(CLUSTER, a="2")
        assert (await good.receive()).resources


async def test_a_client_that_takes_no_data_is_ended_and_holds_up_nobody(start):
    plane = await start(XdsSettings(write_timeout=0.3))
    async with Stream(plane.port) as good, Stream(plane.port) as deaf:
        await good.ask(CLUSTER)
        await deaf.ask(ENDPOINT, "a", node=node("deaf"))
        for number in range(20):
            plane.put(ENDPOINT, a=str(number) * 2_000_000)
            plane.put(CLUSTER, a=str(number))
            assert (await good.receive()).resources
        await plane.source.until_open(1)
        assert plane.registry.get_sample_value("pilot_xds_write_timeout") == 1


async def test_streams_end_at_their_age_and_clients_go_to_a_new_connection(start):
    plane = await start(XdsSettings(max_stream_age=0.2))
    with structlog.testing.capture_logs() as lines:
        async with Stream(plane.port) as stream:
            await stream.ask(CLUSTER)
            assert await stream.ending() == (grpc.StatusCode.OK, "")
            async with Stream(plane.port, channel=stream.channel) as again:
                await again.ask(CLUSTER)
    before, after = (line["address"] for line in lines if line["event"] == "proxy connected")
    assert after != before


async def test_draining_ends_every_stream_in_order(start):
    plane = await start()
    async with Stream(plane.port) as one, Stream(plane.port) as two:
        await one.ask(CLUSTER, node=node("one"))
        await two.ask(CLUSTER, node=node("two"))
        plane.rpc.stop_listening()
        await plane.xds.drain(0.01)
        assert await one.ending() == await two.ending() == (grpc.StatusCode.OK, "")
    await plane.source.until_open(0)
    assert len(plane.xds.connections) == 0


async def test_what_happens_is_counted(start):
    plane = await start()
    async with Stream(plane.port) as stream:
        first = await stream.ask(CLUSTER)
        await stream.send(type_url=CLUSTER, response_nonce=first.nonce, error_detail={"message": "no good"})
        plane.put(CLUSTER, a="2")
        await stream.receive()
        value = plane.registry.get_sample_value
        assert value("pilot_xds_pushes", {"type": "cds"}) == 2
        assert value("pilot_xds_cds_reject") == 1
        assert value("pilot_total_xds_rejects_total", {"type": "cds"}) == 1
        assert value("pilot_proxy_convergence_time_count") == 1


async def test_connected_proxies_are_counted_by_version(start):
    plane = await start()
    version = {"version": "1.32.0"}
    async with Stream(plane.port) as stream:
        await stream.ask(CLUSTER)
        assert plane.registry.get_sample_value("pilot_xds", version) == 1
    await plane.source.until_open(0)
    assert plane.registry.get_sample_value("pilot_xds", version) == 0
