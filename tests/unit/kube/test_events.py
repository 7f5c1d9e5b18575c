"""The body of a watch, without a network."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.kube.events import EventDecoder, LineSplitter


class Meta(msgspec.Struct, frozen=True):
    name: str


class Thing(msgspec.Struct, frozen=True):
    metadata: Meta


def line(kind: str, name: object, version: str) -> bytes:
    body = {"type": kind, "object": {"kind": "Thing", "metadata": {"name": name, "resourceVersion": version}}}
    return msgspec.json.encode(body)


def decoder(rejected: list[bytes] | None = None) -> EventDecoder[Thing]:
    return EventDecoder(Thing, lambda body, _: (rejected if rejected is not None else []).append(body))


@given(st.lists(st.text(st.characters(exclude_characters="\n"), min_size=1)), st.data())
def test_lines_survive_any_cutting_into_chunks(lines: list[str], data: st.DataObject) -> None:
    encoded = [text.encode("utf-8", "surrogatepass") for text in lines]
    body = b"".join(text + b"\n" for text in encoded)
    splitter = LineSplitter()
    found: list[bytes] = []
    position = 0
    while position < len(body):
        step = data.draw(st.integers(1, 7))
        found += splitter.feed(body[position : position + step])
        position += step
    assert found == encoded


def test_separators_of_text_are_not_line_ends() -> None:
    text = "one\u2028two\u2029three\u0085four\x0bfive\x0csix".encode()
    assert LineSplitter().feed(text + b"\n") == [text]


def test_empty_lines_are_left_out() -> None:
    assert LineSplitter().feed(b"\n\na\n\n") == [b"a"]


def test_events_keep_their_order_and_the_last_version_is_known() -> None:
    batch = decoder().decode([line("ADDED", "a", "5"), line("MODIFIED", "a", "6"), line("DELETED", "a", "9")])
    assert [(event.type, event.object.metadata.name) for event in batch.events] == [
        ("ADDED", "a"),
        ("MODIFIED", "a"),
        ("DELETED", "a"),
    ]
    assert batch.resource_version == "9"
    assert batch.error is None


def test_a_bookmark_is_a_version_without_an_event() -> None:
    bookmark = b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"12","creationTimestamp":null}}}'
    batch = decoder().decode([bookmark])
    assert batch.events == ()
    assert batch.resource_version == "12"


def test_what_came_before_an_error_counts() -> None:
    expired = b'{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}'
    batch = decoder().decode([line("ADDED", "a", "5"), expired, line("ADDED", "b", "6")])
    assert [event.object.metadata.name for event in batch.events] == ["a"]
    assert batch.resource_version == "5"
    assert batch.error is not None
    assert batch.error.expired


def test_an_object_that_does_not_fit_is_rejected_and_the_others_are_kept() -> None:
    rejected: list[bytes] = []
    batch = decoder(rejected).decode([line("ADDED", 5, "5"), line("ADDED", "b", "6")])
    assert [event.object.metadata.name for event in batch.events] == ["b"]
    assert [msgspec.json.decode(body)["metadata"]["name"] for body in rejected] == [5]


@pytest.mark.parametrize("garbage", [b"<html>", b"{}", b'{"type":"ADDED"}', b"\xff"])
def test_garbage_is_an_error(garbage: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decoder().decode([garbage])
