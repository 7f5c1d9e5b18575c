"""Proxies that misbehave cost themselves: they wait or are sent away, and what they held is given back.

Order is what counts, not time: the others are served while the bad one still is not.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import weakref

import grpc
import pytest
import structlog
from plane import METADATA, Stream, node

from isthmus.rpc.pace import Pace
from isthmus.rpc.server import Keepalive, RpcServer
from isthmus.xds.order import CLUSTER, ENDPOINT
from isthmus.xds.requests import PORTION, Limits
from isthmus.xds.settings import XdsSettings
from isthmus.xds.variants import DELTA, SOTW

EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
PING = b"\x00\x00\x08\x06\x00\x00\x00\x00\x00" + b"x" * 8


@pytest.mark.parametrize("variant", [DELTA, SOTW], ids=["delta", "sotw"])
async def test_a_proxy_that_never_answers_gets_the_newest_state_and_nothing_is_queued_for_it(start, variant):
    plane = await start()
    async with Stream(plane.port, variant) as mute:
        await mute.ask(CLUSTER)
        for number in range(500):
            plane.put(CLUSTER, a=str(number))
        for _ in range(500):
            if b"499" in (await mute.receive()).SerializeToString():
                break
        plane.put(CLUSTER, a="last")
        assert b"last" in (await mute.receive()).SerializeToString()


async def test_changes_that_a_proxy_does_not_take_are_one_response_when_it_does(start):
    plane = await start()
    async with Stream(plane.port) as slow:
        await slow.ask(ENDPOINT, "a", "b")
        plane.put(ENDPOINT, a="x" * 3_000_000)  # more than the connection takes in one go
        await asyncio.sleep(0)
        for number in range(1000):
            plane.put(ENDPOINT, b=f"b{number}")
        answers = [await slow.receive()]
        while not any(one.resource.value == b"b999" for one in answers[-1].resources):
            answers.append(await slow.receive())
        assert len(answers) <= 3


async def test_a_proxy_that_rejects_everything_is_told_no_more_than_once_of_a_change(start):
    plane = await start()
    async with Stream(plane.port) as good, Stream(plane.port) as bad:
        await good.ask(CLUSTER, node=node("good"))
        answer = await bad.ask(CLUSTER)
        for number in range(50):
            await bad.send(type_url=CLUSTER, response_nonce=answer.nonce, error_detail={"message": "no"})
            plane.put(CLUSTER, a=str(number))
            answer = await bad.receive()
            assert (await good.receive()).resources[0].resource.value == str(number).encode()
        await bad.send(type_url=CLUSTER, response_nonce=answer.nonce, error_detail={"message": "no"})
        again = await bad.ask("type.googleapis.com/example.Unknown")
        assert not again.resources


async def test_rejections_are_logged_some_and_counted_all_and_their_reasons_are_cut(start):
    plane = await start(XdsSettings(rejections=Pace(0.001, 3)))
    with structlog.testing.capture_logs() as lines:
        async with Stream(plane.port) as bad:
            await bad.ask(CLUSTER)
            for _ in range(40):
                await bad.send(type_url=CLUSTER, response_nonce="?", error_detail={"message": "x" * 100_000})
            await bad.ask("type.googleapis.com/example.Unknown")
            (stream,) = plane.xds.connections
            assert len(stream.ledgers[CLUSTER].error) < 5000
    rejected = [line for line in lines if line["event"] == "configuration rejected"]
    assert len(rejected) in (3, 4)
    assert all(len(line["reason"]) < 5000 for line in rejected)
    assert plane.registry.get_sample_value("pilot_xds_cds_reject") == 40


async def test_a_flood_of_requests_waits_and_the_others_do_not(start):
    plane = await start(XdsSettings(work=Pace(0.01, 20)))
    async with Stream(plane.port) as good, Stream(plane.port) as flood:
        await good.ask(CLUSTER, node=node("good"))
        await flood.ask(CLUSTER)
        for number in range(200):
            await flood.send(type_url=f"t{number % 40}", resource_names_subscribe=["*"])
        for number in range(20):
            plane.put(CLUSTER, a=str(number))
            assert (await good.receive()).resources[0].resource.value == str(number).encode()
        (bad,) = (stream for stream in plane.xds.connections if stream.node.id == "web.shop")
        assert len(bad.ledgers) <= 20  # the rest waits in the client's own window


@pytest.mark.parametrize("together", [False, True], ids=["one by one", "several at once"])
async def test_acknowledging_what_was_sent_takes_nothing_of_a_streams_pace(start, together):
    """However often the mesh changes: the server sets that pace itself."""
    plane = await start(XdsSettings(work=Pace(0.01, 5)))
    async with Stream(plane.port) as busy:
        answers = [await busy.ask(CLUSTER)]
        for number in range(50):
            plane.put(CLUSTER, a=str(number))
            answers.append(await busy.receive())
            if not together:
                await busy.send(type_url=CLUSTER, response_nonce=answers[-1].nonce)
        for answer in answers if together else ():
            await busy.send(type_url=CLUSTER, response_nonce=answer.nonce)
        assert (await busy.ask(ENDPOINT, "a")).resources
        (stream,) = plane.xds.connections
        assert stream.ledgers[CLUSTER].acked == answers[-1].nonce


async def test_acknowledging_more_than_was_sent_does(start):
    plane = await start(XdsSettings(work=Pace(0.01, 5)))
    async with Stream(plane.port) as good, Stream(plane.port) as flood:
        await good.ask(CLUSTER, node=node("good"))
        answer = await flood.ask(CLUSTER)
        for _ in range(20):
            await flood.send(type_url=CLUSTER, response_nonce=answer.nonce)
        await flood.send(type_url=ENDPOINT, resource_names_subscribe=["a"])
        for number in range(20):
            plane.put(CLUSTER, a=str(number))
            assert (await good.receive()).resources[0].resource.value == str(number).encode()
        (bad,) = (stream for stream in plane.xds.connections if stream.node.id == "web.shop")
        assert ENDPOINT not in bad.ledgers


async def test_large_requests_cost_more_of_a_streams_pace(start):
    plane = await start(XdsSettings(work=Pace(0.01, 50)))
    async with Stream(plane.port) as flood:
        await flood.ask(CLUSTER)
        for number in range(3):
            names = [f"{number}-{index:0100}" for index in range(800)]
            await flood.send(type_url=f"t{number}", resource_names_subscribe=names)
        assert {(await flood.receive()).type_url, (await flood.receive()).type_url} == {"t0", "t1"}
        (stream,) = plane.xds.connections
        assert "t2" not in stream.ledgers


async def test_a_proxy_that_comes_back_in_a_loop_waits_then_is_sent_away_and_others_come_in(start):
    plane = await start(XdsSettings(returns=Pace(0.0001, 3)))
    for _ in range(3):
        async with Stream(plane.port) as stream:
            await stream.ask(CLUSTER)
    async with Stream(plane.port) as stream:
        await stream.send(node=node(), type_url=CLUSTER)
        code, _ = await asyncio.wait_for(_ended_or_waiting(stream), 10)
        assert code in (None, EXHAUSTED)
    async with Stream(plane.port) as stream:
        await stream.send(node=node(), type_url=CLUSTER)
        code, message = await stream.ending()
        assert (code, "too often" in message) == (EXHAUSTED, True)
    async with Stream(plane.port) as other:
        assert (await other.ask(CLUSTER, node=node("other"))).resources


async def _ended_or_waiting(stream):
    try:
        return await asyncio.wait_for(stream.ending(), 0.2)
    except TimeoutError:
        return None, ""


async def test_many_names_are_answered_in_portions_and_others_are_served_in_between(start):
    plane = await start()
    async with Stream(plane.port) as good, Stream(plane.port) as greedy:
        await good.ask(CLUSTER, node=node("good"))
        names = [f"n{number}" for number in range(PORTION * 3 + 1)]
        await greedy.send(node=node(), type_url=ENDPOINT, resource_names_subscribe=[*names, "a"])
        answers = [await greedy.receive()]
        plane.put(CLUSTER, a="2")
        assert (await good.receive()).resources
        while sum(len(one.removed_resources) for one in answers) < len(names):
            answers.append(await greedy.receive())
        assert max(len(one.removed_resources) + len(one.resources) for one in answers) <= PORTION
        assert [one.name for answer in answers for one in answer.resources] == ["a"]


async def test_too_many_names_end_the_stream(start):
    plane = await start(XdsSettings(limits=Limits(names=1000)))
    async with Stream(plane.port) as good, Stream(plane.port) as greedy:
        await good.ask(CLUSTER, node=node("good"))
        await greedy.send(node=node(), type_url=ENDPOINT, resource_names_subscribe=[f"n{n}" for n in range(1001)])
        code, message = await greedy.ending()
        assert (code, "the limit is 1000" in message) == (EXHAUSTED, True)
        plane.put(CLUSTER, a="2")
        assert (await good.receive()).resources


@pytest.mark.parametrize("variant", [DELTA, SOTW], ids=["delta", "sotw"])
async def test_names_of_many_types_together_end_the_stream_too(start, variant):
    plane = await start(XdsSettings(limits=Limits(kept_bytes=100_000)))
    async with Stream(plane.port, variant) as greedy:
        key = "resource_names_subscribe" if variant is DELTA else "resource_names"
        for kind in range(30):
            fields = {key: [f"{kind}-{number:080}" for number in range(100)]}
            with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
                await greedy.send(node=node(), type_url=f"t{kind}", **fields)
        await greedy.ending()
        assert plane.registry.get_sample_value("pilot_xds_refused", {"code": "RESOURCE_EXHAUSTED"}) == 1


async def test_names_that_come_and_go_cost_nothing_in_the_end(start):
    plane = await start(XdsSettings(limits=Limits(kept_bytes=100_000)))
    async with Stream(plane.port) as stream:
        await stream.ask(CLUSTER)
        before: list[str] = []
        for turn in range(60):
            names = [f"{turn}-{number:080}" for number in range(50)]
            await stream.send(type_url=ENDPOINT, resource_names_subscribe=names, resource_names_unsubscribe=before)
            before = names
            assert (await stream.receive()).type_url == ENDPOINT


async def test_a_message_that_begins_and_does_not_end_is_not_waited_for(start):
    plane = await start(XdsSettings(read_timeout=0.1))
    async with Stream(plane.port) as good:
        await good.ask(CLUSTER, node=node("good"))
        reader, writer = await asyncio.open_connection("127.0.0.1", plane.port)
        writer.write(PREFACE + _headers() + _data(b"\x00\x00\x00\x27\x10half"))
        await _until(reader, b"did not arrive in time")
        writer.close()


async def test_pings_without_end_hold_up_nobody(start):
    plane = await start()
    async with Stream(plane.port) as good:
        await good.ask(CLUSTER)
        _, writer = await asyncio.open_connection("127.0.0.1", plane.port)
        writer.write(PREFACE)
        writer.write(PING * 1_000_000)
        for number in range(10):
            plane.put(CLUSTER, a=str(number))
            assert (await good.receive()).resources[0].resource.value == str(number).encode()
        assert writer.transport.get_write_buffer_size() > 0  # most of it still waits in the client
        writer.transport.abort()


async def test_a_connection_that_never_says_anything_is_closed():
    server = RpcServer(Keepalive(interval=0.05, timeout=0.05))
    port = await server.listen([], "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(10):
        await reader.read()
    writer.close()
    await server.close()


async def test_what_a_stream_held_is_given_back_when_it_ends(start):
    plane = await start()
    async with Stream(plane.port) as stream:
        await stream.send(node=node(), type_url=ENDPOINT, resource_names_subscribe=[f"n{n}" for n in range(50_000)])
        await stream.receive()
        (connected,) = plane.xds.connections
        session = weakref.ref(connected._session)
        del connected
    await plane.source.until_open(0)
    for _ in range(100):
        await asyncio.sleep(0)
        gc.collect()
        if session() is None:
            break
    assert session() is None


async def test_versions_that_proxies_invent_do_not_fill_the_metrics(start):
    plane = await start()
    for number in range(120):
        async with Stream(plane.port) as stream:
            version = f"{number}" + "x" * (1000 if number % 2 else 0)
            await stream.ask(CLUSTER, node=node(f"web{number}", {**METADATA, "ISTIO_VERSION": version}))
    await plane.source.until_open(0)
    (family,) = (one for one in plane.registry.collect() if one.name == "pilot_xds")
    assert len(family.samples) <= 51
    assert all(len(sample.labels["version"]) <= 64 for sample in family.samples)
    assert sum(sample.value for sample in family.samples) == 0


async def test_draining_lets_a_response_that_is_under_way_arrive_whole(start):
    plane = await start()
    async with Stream(plane.port) as stream:
        await stream.ask(ENDPOINT, "a")
        plane.put(ENDPOINT, a="x" * 3_000_000)
        draining = asyncio.create_task(_drained(plane))
        answer = await stream.receive()
        assert len(answer.resources[0].resource.value) == 3_000_000
        assert await stream.ending() == (grpc.StatusCode.OK, "")
        await draining


async def _drained(plane):
    await asyncio.sleep(0.05)
    plane.rpc.stop_listening()
    await plane.xds.drain(0.01)
    await plane.rpc.close()


async def test_a_proxy_that_is_sent_away_for_its_age_comes_back_to_what_it_has(start):
    plane = await start(XdsSettings(max_stream_age=0.3))
    async with Stream(plane.port) as stream:
        first = await stream.ask(CLUSTER)
        held = {one.name: one.version for one in first.resources}
        assert await stream.ending() == (grpc.StatusCode.OK, "")
    async with Stream(plane.port) as again:
        await again.send(node=node(), type_url=CLUSTER, initial_resource_versions=held)
        plane_has_it = asyncio.create_task(again.receive())
        async with asyncio.timeout(10):
            while not len(plane.xds.connections):  # noqa: ASYNC110 - the server has no event for it
                await asyncio.sleep(0.01)
        plane.put(CLUSTER, b="new")
        answer = await plane_has_it
        assert ([one.name for one in answer.resources], list(answer.removed_resources)) == (["b"], [])


def test_ages_are_spread_and_may_be_switched_off():
    from isthmus.xds.hub import Hub

    hub = Hub(None, None, XdsSettings(max_stream_age=100), None, None)
    ages = [hub.age_of(number) for number in range(100)]
    assert min(ages) >= 90
    assert max(ages) <= 100
    assert len({round(age) for age in ages}) >= 10
    assert Hub(None, None, XdsSettings(max_stream_age=0), None, None).age_of(1) is None


def _headers() -> bytes:
    import hpack

    block = hpack.Encoder().encode(
        [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", DELTA.method),
            (":authority", "x"),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
        ]
    )
    return len(block).to_bytes(3, "big") + b"\x01\x04\x00\x00\x00\x01" + block


def _data(content: bytes) -> bytes:
    return len(content).to_bytes(3, "big") + b"\x00\x00\x00\x00\x00\x01" + content


async def _until(reader: asyncio.StreamReader, wanted: bytes) -> None:
    """Reads until the stream's end is told; trailers are Huffman coded, so the length of what came must do."""
    import hpack

    decoder = hpack.Decoder()
    async with asyncio.timeout(10):
        while True:
            head = await reader.readexactly(9)
            body = await reader.readexactly(int.from_bytes(head[:3], "big"))
            if head[3] == 1 and any(wanted.decode() in str(field) for field in decoder.decode(body)):
                return
