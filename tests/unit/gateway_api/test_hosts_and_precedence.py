"""Which hosts listeners and routes have in common, and which of several rules wins."""

from __future__ import annotations

from typing import Any

import pytest

from isthmus.api.http_route import HttpMatchRequest, HttpRoute
from isthmus.api.matching import StringMatch
from isthmus.translate.gateway_api.parents import hosts_in_common
from isthmus.translate.gateway_api.precedence import Place, Ranked, ordered


@pytest.mark.parametrize(
    ("listener", "route", "common"),
    [
        ("*", (), ("*",)),
        ("a.com", (), ("a.com",)),
        ("*", ("a.com", "*.b.com"), ("a.com", "*.b.com")),
        ("*.com", ("a.com", "x.net"), ("a.com",)),
        ("a.com", ("*.com",), ("a.com",)),
        ("*.b.com", ("*.com",), ("*.b.com",)),
        ("*.b.com", ("b.com",), ()),
        ("A.com", ("a.COM",), ()),
        ("a.com", ("A.com",), ("a.com",)),
    ],
)
def test_listener_and_route_share_the_more_specific_host(
    listener: str, route: tuple[str, ...], common: tuple[str, ...]
) -> None:
    assert hosts_in_common(listener, route) == common


def ranked(name: str, place: Place = ("", "", "", 0, 0), **match: Any) -> Ranked:
    return Ranked(HttpRoute(name=name, match=(HttpMatchRequest(**match),)), place)


def test_the_most_specific_match_comes_first() -> None:
    header = {"x": StringMatch(exact="1")}
    found = [
        ranked("regex", uri=StringMatch(regex="/a.*long.*expression")),
        ranked("short", uri=StringMatch(prefix="/")),
        ranked("long", uri=StringMatch(prefix="/a/b")),
        ranked("parameter", uri=StringMatch(prefix="/"), query_params=header),
        ranked("header", uri=StringMatch(prefix="/"), headers=header),
        ranked("method", uri=StringMatch(prefix="/"), method=StringMatch(exact="GET")),
        ranked("exact", uri=StringMatch(exact="/")),
    ]
    names = [route.name for route in ordered(found)]
    assert names == ["exact", "long", "method", "header", "parameter", "short", "regex"]


def test_equal_matches_are_ordered_by_age_name_and_position() -> None:
    places: list[Place] = [
        ("2026-01-02", "a", "a", 0, 0),
        ("2026-01-01", "b", "a", 0, 0),
        ("2026-01-01", "a", "b", 1, 0),
        ("2026-01-01", "a", "b", 0, 1),
        ("2026-01-01", "a", "b", 0, 0),
    ]
    found = [ranked(str(i), place, uri=StringMatch(prefix="/")) for i, place in enumerate(places)]
    assert [route.name for route in ordered(found)] == ["4", "3", "2", "1", "0"]
