"""Filter chain matches: Envoy refuses a listener in which two chains would take the same connection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any, TypeAlias

from isthmus.translate.values import Fields

_ANY = ""
# Fields that hold alternatives: two chains overlap when they share one of each, and are equal in all else.
_RANGES = ("prefix_ranges", "source_prefix_ranges")

_Taken: TypeAlias = set[tuple[str, ...]]


def distinct(chains: Iterable[Fields]) -> list[Fields]:
    """The chains without what an earlier chain takes already; chains that keep nothing are left out.

    A chain that loses some server names or address ranges only in combination is split by ranges.
    """
    taken: _Taken = set()
    return [free for chain in chains for free in _free(chain, taken)]


def _free(chain: Fields, taken: _Taken) -> Iterator[Fields]:
    match = {**chain.get("filter_chain_match", {})}
    for field in ("server_names", *_RANGES):
        if field in match:
            match[field] = _once(match[field])
    names = [name.lower() for name in match.get("server_names") or ()] or [_ANY]
    rest = repr(sorted((name, value) for name, value in match.items() if name not in ("server_names", *_RANGES)))
    combinations = [
        [repr(place) for place in places] for places in product(*(match.get(f) or (_ANY,) for f in _RANGES))
    ]
    wanted = {(name, *places, rest) for name in names for places in combinations}
    if not wanted & taken:
        yield {**chain, "filter_chain_match": match} if match else chain
    else:
        yield from _rest(chain, match, rest, taken)
    taken |= wanted


def _rest(chain: Fields, match: Fields, rest: str, taken: _Taken) -> Iterator[Fields]:
    """What is left of a chain, one per server names and pair of ranges."""
    names = match.get("server_names") or ()
    for places in product(*(match.get(field) or (_ANY,) for field in _RANGES)):
        keys = tuple(repr(place) for place in places)
        free = [name for name in names or (_ANY,) if (name.lower(), *keys, rest) not in taken]
        if free:
            ranges = {field: [place] for field, place in zip(_RANGES, places, strict=True) if place != _ANY}
            kept = {"server_names": free} if names else {}
            yield {**chain, "filter_chain_match": {**match, **ranges, **kept}}


def _once(values: Iterable[Any]) -> list[Any]:
    return list({repr(value).lower(): value for value in values}.values())
