"""Which of several matching rules wins (Gateway API, ``HTTPRouteRule`` and ``GRPCRouteRule``)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from isthmus.api.http_route import HttpMatchRequest, HttpRoute
from isthmus.api.matching import StringMatch

Place = tuple[str, str, str, int, int]  # created, namespace, name, rule, match


class Ranked(msgspec.Struct, frozen=True):
    """A route of one match, and where it was written."""

    route: HttpRoute
    place: Place


def ordered(found: Iterable[Ranked]) -> tuple[HttpRoute, ...]:
    """The most specific match first; equal ones by age of their objects, by name, and as written."""
    return tuple(one.route for one in sorted(found, key=_rank))


def _rank(one: Ranked) -> tuple[object, ...]:
    match = one.route.match[0] if one.route.match else HttpMatchRequest()
    kind, length = _path(match.uri)
    return kind, -length, match.method is None, -len(match.headers), -len(match.query_params), one.place


def _path(uri: StringMatch | None) -> tuple[int, int]:
    if uri is None:
        return 1, 0
    if uri.exact is not None:
        return 0, len(uri.exact)
    if uri.prefix is not None:
        return 1, len(uri.prefix)
    return 2, len(uri.regex or "")
