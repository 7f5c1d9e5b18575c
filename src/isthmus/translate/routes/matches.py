"""Conditions of a VirtualService's HTTP route as Envoy's route matches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus.api.http_route import HttpMatchRequest
from isthmus.api.matching import StringMatch
from isthmus.translate.values import Fields


def route_match(match: HttpMatchRequest | None, *, by_elements: bool = False) -> Fields:
    """A RouteMatch; without a condition everything matches.

    ``by_elements``: a prefix ends where an element of the path ends (Gateway API); Istio's own may end anywhere.
    """
    if match is None:
        return {"prefix": "/"}
    fields = _path(match.uri)
    if by_elements and fields.get("prefix", "/") != "/":
        fields = {"path_separated_prefix": fields["prefix"]}
    if match.ignore_uri_case:
        fields["case_sensitive"] = {"value": False}
    headers = [*_pseudo_headers(match), *_headers(match.headers), *_headers(match.without_headers, invert=True)]
    if headers:
        fields["headers"] = headers
    if match.query_params:
        fields["query_parameters"] = [_query(name, condition) for name, condition in sorted(match.query_params.items())]
    return fields


def is_catch_all(match: HttpMatchRequest | None) -> bool:
    """Whether every request that gets here matches, so that later routes are never reached."""
    if match is None:
        return True
    others = (match.headers, match.without_headers, match.query_params, match.method, match.authority, match.scheme)
    return not any(others) and _everything(match.uri)


def string_match(condition: StringMatch) -> Fields | None:
    """A StringMatcher; None when presence is enough."""
    if condition.exact is not None:
        return {"exact": condition.exact}
    if condition.prefix:
        return {"prefix": condition.prefix}
    if condition.prefix is not None:  # every text begins with nothing, which Envoy does not take as a prefix
        return {"safe_regex": {"regex": ".*"}}
    if condition.regex is not None:
        return {"safe_regex": {"regex": condition.regex}}
    return None


def _everything(uri: StringMatch | None) -> bool:
    return uri is None or uri.prefix == "/" or uri.regex == ".*" or uri == StringMatch()


def _path(uri: StringMatch | None) -> Fields:
    if uri is None:
        return {"prefix": "/"}
    if uri.exact is not None:
        return {"path": uri.exact}
    if uri.regex is not None:
        return {"safe_regex": {"regex": uri.regex}}
    return {"prefix": uri.prefix or "/"}


def _pseudo_headers(match: HttpMatchRequest) -> list[Any]:
    found = {":method": match.method, ":authority": match.authority, ":scheme": match.scheme}
    return [header for name, condition in found.items() if condition for header in _headers({name: condition})]


def _headers(conditions: Mapping[str, StringMatch], *, invert: bool = False) -> list[Fields]:
    return [_header(name, condition, invert=invert) for name, condition in sorted(conditions.items())]


def _header(name: str, condition: StringMatch, *, invert: bool) -> Fields:
    matcher = string_match(condition)
    fields: Fields = {"name": name, "invert_match": invert}
    if matcher is None or matcher == {"prefix": ""}:
        return {**fields, "present_match": True}
    # A header that is absent does not match; inverted, it must count as different.
    extra = {"treat_missing_header_as_empty": True} if invert else {}
    return {**fields, "string_match": matcher, **extra}


def _query(name: str, condition: StringMatch) -> Fields:
    matcher = string_match(condition)
    return {"name": name, "present_match": True} if matcher is None else {"name": name, "string_match": matcher}
