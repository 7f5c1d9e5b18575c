"""Decoding of lists, straight into the records that the caller keeps.

Knows: the envelope of a list, and that Python's collector is the dearest part of decoding a large one.
Does not know the objects inside.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")

Reject = Callable[[bytes, Exception], None]
"""Told of an object that does not decode: its JSON and why."""

Keep = Callable[[T], T]
"""What is kept of a decoded object: an equal one, which may share parts with others."""


def whole(item: T) -> T:
    """Keeps an object as it is."""
    return item


class ListMeta(msgspec.Struct, frozen=True):
    """A list's resource version, and the token of the next page (empty on the last)."""

    resource_version: str = msgspec.field(default="", name="resourceVersion")
    resume: str = msgspec.field(default="", name="continue")


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list."""

    metadata: ListMeta
    items: list[T]


def decode_page(body: bytes, into: type[T], reject: Reject | None = None, keep: Keep[T] = whole) -> Page[T]:
    """A page of objects of type ``into``, as ``keep`` gives them.

    With ``reject``, an object that does not fit is reported and left out; without, it raises
    ``msgspec.ValidationError``.
    """
    with collector_paused():
        try:
            page: Page[T] = _decoder(into).decode(body)  # type: ignore[arg-type] # mypy: a TypeVar's type is hashable
        except (msgspec.ValidationError, RecursionError, UnicodeDecodeError):
            if reject is None:
                raise
            page = _decode_one_by_one(body, into, reject)
        if keep is not whole:
            page = Page(page.metadata, [keep(item) for item in page.items])
    return page


@contextmanager
def collector_paused() -> Iterator[None]:
    """No garbage collection inside: new records are no garbage, and scanning them triples the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _decode_one_by_one(body: bytes, into: type[T], reject: Reject) -> Page[T]:
    raw = msgspec.json.decode(body, type=Page[msgspec.Raw])
    items: list[T] = []
    for entry in raw.items:
        try:
            items.append(msgspec.json.decode(entry, type=into))
        except (msgspec.ValidationError, RecursionError, UnicodeDecodeError) as error:
            reject(bytes(entry), error)
    return Page(raw.metadata, items)


@cache
def _decoder(into: type[Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(Page[into])  # type: ignore[valid-type]
