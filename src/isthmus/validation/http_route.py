"""Rules of HTTP routes in a VirtualService: exactly one action, and what goes with it."""

from __future__ import annotations

from collections.abc import Mapping

from isthmus.api.config import Problem
from isthmus.api.http_policy import HeaderOperations, Headers
from isthmus.api.http_route import HttpMatchRequest, HttpRoute
from isthmus.api.matching import StringMatch
from isthmus.validation import http_actions, syntax
from isthmus.validation.destinations import destination, weights
from isthmus.validation.findings import Findings, duration, each, labels, percent, wrong


def http_route(path: str, route: HttpRoute, *, delegated: bool) -> Findings:
    """Rules of one route; ``delegated`` when the object continues another one's routes (it has no hosts)."""
    yield from _one_action(path, route, delegated=delegated)
    for index, match in enumerate(route.match):
        yield from _match(f"{path}.match[{index}]", match)
    for index, entry in enumerate(route.route):
        where = f"{path}.route[{index}]"
        yield from destination(f"{where}.destination", entry.destination)
        yield from _headers(f"{where}.headers", entry.headers)
    yield from weights(f"{path}.route", [entry.weight for entry in route.route])
    yield from _headers(f"{path}.headers", route.headers)
    yield from duration(f"{path}.timeout", route.timeout, least=0)
    yield from _mirrors(path, route)
    yield from http_actions.policies(path, route)


def _one_action(path: str, route: HttpRoute, *, delegated: bool) -> Findings:
    actions = {
        "route": route.route,
        "redirect": route.redirect,
        "directResponse": route.direct_response,
        "delegate": route.delegate,
    }
    chosen = [name for name, value in actions.items() if value]
    if not chosen:
        yield Problem(path, f"one of {', '.join(actions)} must be set")
    elif len(chosen) > 1:
        yield Problem(path, f"only one of {', '.join(actions)} may be set, found {' and '.join(chosen)}")
    if delegated and route.delegate:
        yield Problem(f"{path}.delegate", "a delegate cannot delegate further")
    forwarding = {"rewrite": route.rewrite, "fault": route.fault, "mirror": route.mirror, "retries": route.retries}
    if route.redirect or route.direct_response:
        for name in ("rewrite", "fault"):
            if forwarding[name]:
                yield Problem(f"{path}.{name}", f"has no place next to {chosen[0]}")


def _match(path: str, match: HttpMatchRequest) -> Findings:
    plain = {"uri": match.uri, "scheme": match.scheme, "method": match.method, "authority": match.authority}
    for name, condition in plain.items():
        if condition:
            yield from _string_match(f"{path}.{name}", condition)
    yield from _named(f"{path}.headers", match.headers, headers=True)
    yield from _named(f"{path}.withoutHeaders", match.without_headers, headers=True)
    yield from _named(f"{path}.queryParams", match.query_params, headers=False)
    if match.port:
        yield from wrong(f"{path}.port", syntax.port(match.port))
    yield from labels(f"{path}.sourceLabels", match.source_labels)
    if match.source_namespace:
        yield from wrong(f"{path}.sourceNamespace", syntax.dns_label(match.source_namespace))


def _named(path: str, conditions: Mapping[str, StringMatch], *, headers: bool) -> Findings:
    for name, condition in conditions.items():
        if headers:
            yield from wrong(f"{path}[{name}]", syntax.header_name(name))
        yield from _string_match(f"{path}[{name}]", condition)


def _string_match(path: str, condition: StringMatch) -> Findings:
    if condition.regex is not None:
        yield from wrong(f"{path}.regex", syntax.expression(condition.regex))
    if condition.prefix == "":
        yield Problem(f"{path}.prefix", "must not be empty; leave the condition out to match everything")


def _headers(path: str, headers: Headers | None) -> Findings:
    if headers is None:
        return
    for side, operations in (("request", headers.request), ("response", headers.response)):
        if operations:
            yield from _operations(f"{path}.{side}", operations)


def _operations(path: str, operations: HeaderOperations) -> Findings:
    for verb, pairs in (("set", operations.set), ("add", operations.add)):
        for name in pairs:
            yield from wrong(f"{path}.{verb}", syntax.header_name(name))
    yield from each(f"{path}.remove", operations.remove, syntax.header_name)


def _mirrors(path: str, route: HttpRoute) -> Findings:
    if route.mirror:
        yield from destination(f"{path}.mirror", route.mirror)
        if route.mirrors:
            yield Problem(path, "only one of mirror and mirrors may be set")
    for index, entry in enumerate(route.mirrors):
        yield from destination(f"{path}.mirrors[{index}].destination", entry.destination)
        yield from percent(f"{path}.mirrors[{index}].percentage", entry.percentage)
    yield from percent(f"{path}.mirrorPercent", route.mirror_percent)
    yield from percent(f"{path}.mirrorPercentage", route.mirror_percentage)
