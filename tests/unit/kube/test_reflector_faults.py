"""The reflector when servers misbehave: nothing that was known is lost, and it finds its way back."""

import asyncio
import dataclasses
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from isthmus.kube import kinds
from isthmus.kube.client import Client
from isthmus.kube.events import Event
from isthmus.kube.reflector import Pace, Reflector, Source

PACE = Pace(watch=1.0, grace=0.0, first_retry=0.001, longest_retry=0.002, draw=lambda: 0.0)


class Meta(msgspec.Struct, frozen=True):
    name: str


class Pod(msgspec.Struct, frozen=True):
    metadata: Meta


class Sink:
    def __init__(self) -> None:
        self.names: set[str] = set()
        self.lists: list[set[str]] = []
        self.changed = asyncio.Event()

    def replace(self, objects: Sequence[Pod]) -> None:
        self.names = {found.metadata.name for found in objects}
        self.lists.append(set(self.names))
        self.changed.set()

    def change(self, events: Sequence[Event[Pod]]) -> None:
        for event in events:
            (self.names.discard if event.type == "DELETED" else self.names.add)(event.object.metadata.name)
        self.changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                await self.changed.wait()
                self.changed.clear()


@asynccontextmanager
async def reflecting(client: Client, pace: Pace = PACE) -> AsyncIterator[tuple[Reflector[Pod], Sink]]:
    sink = Sink()
    reflector = Reflector(client, Source(kinds.POD, Pod), sink, pace)
    running = asyncio.create_task(reflector.run())
    try:
        yield reflector, sink
    finally:
        running.cancel()
        await asyncio.wait((running,))


def listed(version: str, *names: str, resume: str = "") -> Any:
    items = [{"metadata": {"name": name}} for name in names]
    body = msgspec.json.encode({"metadata": {"resourceVersion": version, "continue": resume}, "items": items})
    return lambda exchange: exchange.send("200 OK", body)


def event(kind: str, name: str, version: str) -> bytes:
    body = {"type": kind, "object": {"metadata": {"name": name, "resourceVersion": version}}}
    return msgspec.json.encode(body) + b"\n"


def expired() -> bytes:
    status = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}
    return msgspec.json.encode({"type": "ERROR", "object": status}) + b"\n"


def watched(*chunks: bytes, cut: bool = True) -> Any:
    """A watch that sends these chunks, and then breaks or falls silent."""

    async def answer(exchange: Any) -> None:
        await exchange.open_body()
        for chunk in chunks:
            await exchange.chunk(chunk)
        if cut:
            exchange.cut()
        else:
            await asyncio.Event().wait()

    return answer


def failed(code: int, reason: str = "x") -> Any:
    body = msgspec.json.encode({"kind": "Status", "code": code, "reason": reason, "message": "no"})
    return lambda exchange: exchange.send(f"{code} No", body)


def versions(targets: list[str]) -> list[str]:
    """What was asked for: ``list``, ``check`` (a list of one), or the version that a watch starts from."""
    asked = []
    for target in targets:
        query = parse_qs(urlsplit(target).query)
        if "watch" in query:
            asked.append(query["resourceVersion"][0])
        else:
            asked.append("check" if query.get("limit") == ["1"] else "list")
    return asked


async def test_a_failed_list_is_tried_again_and_empties_nothing(faulty: Any, faulty_client: Client) -> None:
    faulty.answers = [
        listed("5", "a"),
        watched(expired()),
        failed(500),
        failed(403),
        lambda exchange: exchange.send("200 OK", b"<html>captive portal</html>"),
        lambda exchange: exchange.send("200 OK", b'{"kind":"Status"}'),
        listed("9", "a", "b"),
    ]
    async with reflecting(faulty_client) as (reflector, sink):
        await sink.until(lambda: len(sink.lists) == 2)
        assert sink.lists == [{"a"}, {"a", "b"}]
        assert reflector.status.relists == 1
        assert reflector.status.last_error == ""


async def test_a_broken_watch_goes_on_from_the_last_event(faulty: Any, faulty_client: Client) -> None:
    faulty.answers = [
        listed("5", "a"),
        watched(event("ADDED", "b", "6"), event("ADDED", "c", "7")),
        listed("7", "a"),  # the check of the current version; its objects do not count
        watched(event("DELETED", "a", "8"), cut=False),
    ]
    async with reflecting(faulty_client) as (_, sink):
        await sink.until(lambda: sink.names == {"b", "c"})
        assert len(sink.lists) == 1
    assert versions(faulty.targets) == ["list", "5", "check", "7"]


async def test_a_bookmark_moves_the_version(faulty: Any, faulty_client: Client) -> None:
    bookmark = b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"50"}}}\n'
    faulty.answers = [listed("5", "a"), watched(bookmark), listed("50"), watched(event("ADDED", "b", "51"), cut=False)]
    async with reflecting(faulty_client) as (_, sink):
        await sink.until(lambda: sink.names == {"a", "b"})
    assert versions(faulty.targets) == ["list", "5", "check", "50"]


async def test_an_expired_version_is_listed_again(faulty: Any, faulty_client: Client) -> None:
    faulty.answers = [listed("5", "a"), watched(event("ADDED", "b", "6"), expired()), listed("90", "z")]
    async with reflecting(faulty_client) as (_, sink):
        await sink.until(lambda: sink.names == {"z"})
    assert versions(faulty.targets)[:3] == ["list", "5", "list"]


async def test_a_version_that_expires_long_after_its_list_is_listed_again_at_once(
    faulty: Any, faulty_client: Client
) -> None:
    times = itertools.count(step=100.0)
    pace = dataclasses.replace(PACE, first_retry=60.0, longest_retry=60.0, clock=lambda: next(times))
    faulty.answers = [listed("5", "a"), watched(expired()), listed("90", "z")]
    async with reflecting(faulty_client, pace) as (_, sink):
        await sink.until(lambda: sink.names == {"z"})


async def test_a_server_that_went_back_in_time_is_listed_again(faulty: Any, faulty_client: Client) -> None:
    faulty.answers = [listed("500", "a"), watched(), listed("7", "x"), listed("7", "x"), watched(cut=False)]
    async with reflecting(faulty_client) as (_, sink):
        await sink.until(lambda: sink.names == {"x"})
    assert versions(faulty.targets)[:4] == ["list", "500", "check", "list"]


async def test_after_a_long_outage_everything_is_listed_again(faulty: Any, faulty_client: Client) -> None:
    """A server that was restored from a backup may have overtaken the version that is known."""
    now = [0.0]

    async def a_minute_later(exchange: Any) -> None:
        now[0] += 60.0
        await failed(503)(exchange)

    pace = dataclasses.replace(PACE, outage=30.0, clock=lambda: now[0])
    faulty.answers = [
        listed("500", "a"),
        watched(),
        failed(503),
        a_minute_later,
        listed("900", "x"),
        watched(event("ADDED", "y", "901"), cut=False),
    ]
    async with reflecting(faulty_client, pace) as (reflector, sink):
        await sink.until(lambda: sink.names == {"x", "y"})
        assert sink.lists == [{"a"}, {"x"}]
        assert reflector.status.relists == 1
    assert versions(faulty.targets) == ["list", "500", "check", "check", "list", "900"]


async def test_a_watch_that_sends_no_bookmarks_any_more_is_taken_for_dead(faulty: Any, faulty_client: Client) -> None:
    bookmark = b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"50"}}}\n'
    pace = dataclasses.replace(PACE, watch=600.0, quiet=0.05)
    faulty.answers = [
        listed("5", "a"),
        watched(bookmark, cut=False),
        listed("51"),
        watched(event("ADDED", "b", "51"), cut=False),
    ]
    async with reflecting(faulty_client, pace) as (_, sink):
        await sink.until(lambda: sink.names == {"a", "b"})
    assert versions(faulty.targets) == ["list", "5", "check", "50"]


async def test_a_server_that_sends_no_bookmarks_is_not_expected_to(faulty: Any, faulty_client: Client) -> None:
    pace = dataclasses.replace(PACE, watch=600.0, quiet=0.01)

    async def slowly(exchange: Any) -> None:
        await exchange.open_body()
        await exchange.chunk(event("ADDED", "b", "6"))
        await asyncio.sleep(0.1)
        await exchange.chunk(event("ADDED", "c", "7"))
        await asyncio.Event().wait()

    faulty.answers = [listed("5", "a"), slowly]
    async with reflecting(faulty_client, pace) as (_, sink):
        await sink.until(lambda: sink.names == {"a", "b", "c"})
    assert versions(faulty.targets) == ["list", "5"]


async def test_an_event_that_comes_twice_is_as_good_as_once(faulty: Any, faulty_client: Client) -> None:
    gone, new = event("DELETED", "a", "6"), event("ADDED", "b", "7")
    faulty.answers = [
        listed("5", "a"),
        watched(gone, gone, new, new),
        listed("7"),
        watched(new, event("MODIFIED", "b", "8"), cut=False),
    ]
    async with reflecting(faulty_client) as (reflector, sink):
        await sink.until(lambda: reflector.status.relists == 0 and sink.names == {"b"})


async def test_an_event_from_the_past_is_not_believed(faulty: Any, faulty_client: Client) -> None:
    faulty.answers = [listed("500", "a"), watched(event("DELETED", "a", "3"), cut=False), listed("7", "x")]
    async with reflecting(faulty_client) as (_, sink):
        await sink.until(lambda: sink.names == {"x"})
        assert sink.lists == [{"a"}, {"x"}]


async def test_a_silent_watch_is_taken_for_dead(faulty: Any, faulty_client: Client) -> None:
    faulty.answers = [listed("5", "a"), watched(cut=False), listed("6"), watched(event("ADDED", "b", "6"), cut=False)]
    async with reflecting(faulty_client) as (reflector, sink):
        await sink.until(lambda: "b" in sink.names)
        assert reflector.status.relists == 0


@pytest.mark.parametrize(
    "garbage",
    [b"<html>\n", b"{}\n", b'{"type":5}\n', b"\x00\xff\xfe\n"],
)
async def test_garbage_in_a_watch_ends_that_watch_only(faulty: Any, faulty_client: Client, garbage: bytes) -> None:
    faulty.answers = [
        listed("5", "a"),
        watched(garbage, cut=False),
        listed("5"),
        watched(event("ADDED", "b", "6"), cut=False),
    ]
    async with reflecting(faulty_client) as (_, sink):
        await sink.until(lambda: "b" in sink.names)
        assert sink.names == {"a", "b"}


async def test_events_that_arrive_together_are_given_together(faulty: Any, faulty_client: Client) -> None:
    batches: list[int] = []
    both = event("ADDED", "b", "6") + event("ADDED", "c", "7")
    faulty.answers = [listed("5", "a"), watched(both, cut=False)]
    async with reflecting(faulty_client) as (_, sink):
        change = sink.change
        sink.change = lambda events: (batches.append(len(events)), change(events))[1]  # type: ignore[method-assign]
        await sink.until(lambda: "c" in sink.names)
    assert batches == [2]


async def test_an_event_that_is_cut_in_two_arrives_once(faulty: Any, faulty_client: Client) -> None:
    whole = event("ADDED", "b", "6")
    faulty.answers = [listed("5", "a"), watched(whole[:20], whole[20:], cut=False)]
    async with reflecting(faulty_client) as (_, sink):
        await sink.until(lambda: sink.names == {"a", "b"})


async def test_pages_that_expire_are_fetched_in_one_piece(faulty: Any, faulty_client: Client) -> None:
    faulty.answers = [listed("5", "a", resume="more"), failed(410, "Expired"), listed("6", "a", "b")]
    async with reflecting(faulty_client) as (_, sink):
        await sink.until(lambda: sink.names == {"a", "b"})
        assert sink.lists == [{"a", "b"}]
    assert ["limit" in target for target in faulty.targets[:3]] == [True, True, False]


async def test_an_error_says_what_is_wrong_until_it_is_right(faulty: Any, faulty_client: Client) -> None:
    again, right = asyncio.Event(), asyncio.Event()

    async def answer_when_right(exchange: Any) -> None:
        again.set()
        await right.wait()
        await listed("5", "a")(exchange)

    faulty.answers = [failed(403, "Forbidden"), answer_when_right]
    async with reflecting(faulty_client) as (reflector, sink):
        await again.wait()
        assert reflector.status.last_error == "403 Forbidden: no"
        assert not reflector.status.synced
        right.set()
        await sink.until(lambda: sink.names == {"a"})
        assert reflector.status.synced
        assert reflector.status.last_error == ""


async def test_an_error_of_the_sink_is_a_bug_and_comes_out(faulty: Any, faulty_client: Client) -> None:
    class Broken(Sink):
        def replace(self, objects: Sequence[Pod]) -> None:
            raise ZeroDivisionError

    faulty.answers = [listed("5", "a")]
    with pytest.raises(ZeroDivisionError):
        await Reflector(faulty_client, Source(kinds.POD, Pod), Broken(), PACE).run()
