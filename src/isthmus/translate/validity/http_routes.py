"""HTTP routes of a VirtualService: what Envoy would refuse is left out.

A route that loses a condition would match more than its author wanted, so a bad condition takes its match with
it, and a route whose matches are all bad goes as a whole.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Mapping

import msgspec

from isthmus.api.duration import seconds
from isthmus.api.http_policy import CorsPolicy, HttpFaultInjection, HttpRedirect, HttpRetry, HttpRewrite
from isthmus.api.http_route import HttpMatchRequest, HttpRoute, HttpRouteDestination
from isthmus.api.matching import StringMatch
from isthmus.translate.routes.actions import REDIRECT_CODES
from isthmus.translate.routes.filters import GRPC_STATUSES
from isthmus.translate.validity import regexes
from isthmus.translate.validity.headers import is_name, is_one_line, usable_headers
from isthmus.translate.validity.limits import not_negative, positive
from isthmus.translate.validity.notes import Notes


def usable_routes(routes: Iterable[HttpRoute], notes: Notes) -> tuple[HttpRoute, ...]:
    """The routes that can be translated, without their bad parts."""
    found = (_route(route, at) for at, route in notes.each("http", routes))
    return tuple(route for route in found if route is not None)


def _route(route: HttpRoute, notes: Notes) -> HttpRoute | None:
    matches = tuple(match for at, match in notes.each("match", route.match) if _match(match, at))
    if route.match and not matches:
        notes.error("the route is left out: none of its matches can be used")
        return None
    if not _acts(route, notes):
        return None
    return msgspec.structs.replace(
        route,
        match=matches,
        route=tuple(_destination(entry, at) for at, entry in notes.each("route", route.route)),
        rewrite=_rewrite(route.rewrite, notes.at("rewrite")),
        fault=_fault(route.fault, notes.at("fault")),
        retries=_retries(route.retries, notes.at("retries")),
        timeout=not_negative(route.timeout, notes.at("timeout")),
        headers=usable_headers(route.headers, notes.at("headers")),
        cors_policy=_cors(route.cors_policy, notes.at("corsPolicy")),
    )


def _acts(route: HttpRoute, notes: Notes) -> bool:
    """Whether a route does anything that can be done."""
    actions = (route.route, route.redirect, route.direct_response, route.delegate)
    if sum(1 for one in actions if one) != 1:
        notes.error("the route is left out: it needs exactly one of route, redirect, directResponse and delegate")
        return False
    if not _is_one_line(route, notes):
        return False
    if route.redirect is not None and not _redirect(route.redirect, notes.at("redirect")):
        return False
    if route.direct_response is not None and not _answer(route, notes.at("directResponse")):
        return False
    if len(route.route) > 1 and sum(max(entry.weight, 0) for entry in route.route) == 0:
        notes.at("route").error("the route is left out: give its destinations weights, at least one above 0")
        return False
    return True


def _is_one_line(route: HttpRoute, notes: Notes) -> bool:
    """Whether no text that goes into a request or an answer has a line break."""
    redirect, rewrite = route.redirect or HttpRedirect(), route.rewrite or HttpRewrite()
    texts = {
        "redirect.uri": redirect.uri,
        "redirect.authority": redirect.authority,
        "redirect.scheme": redirect.scheme,
        "rewrite.uri": rewrite.uri,
        "rewrite.authority": rewrite.authority,
    }
    broken = [path for path, text in texts.items() if not is_one_line(text)]
    for path in broken:
        notes.at(path).error("the route is left out: the text has a line break")
    return not broken


def _destination(entry: HttpRouteDestination, notes: Notes) -> HttpRouteDestination:
    if entry.weight < 0:
        notes.at("weight").error("a negative weight counts as 0")
    return msgspec.structs.replace(entry, headers=usable_headers(entry.headers, notes.at("headers")))


def _match(match: HttpMatchRequest, notes: Notes) -> bool:
    single = {"uri": match.uri, "scheme": match.scheme, "method": match.method, "authority": match.authority}
    found = [_condition(one, notes.at(name)) for name, one in single.items() if one is not None]
    found += _headers(match.headers, notes.at("headers"))
    found += _headers(match.without_headers, notes.at("withoutHeaders"))
    found += _conditions(match.query_params, notes.at("queryParams"))
    return all(found)


def _headers(conditions: Mapping[str, StringMatch], notes: Notes) -> list[bool]:
    for name in conditions:
        if not is_name(name.removeprefix(":")):
            notes.at(name).error(f"the match is left out: {name!r} is no name of a header")
            return [False]
    return _conditions(conditions, notes)


def _conditions(conditions: Mapping[str, StringMatch], notes: Notes) -> list[bool]:
    return [_condition(one, notes.at(name)) for name, one in conditions.items()]


def _condition(condition: StringMatch, notes: Notes) -> bool:
    if condition.regex is None:
        return True
    why = regexes.fault(condition.regex)
    if why:
        notes.at("regex").error(f"the match is left out: {condition.regex!r} {why}")
    return not why


def _redirect(redirect: HttpRedirect, notes: Notes) -> bool:
    code = redirect.redirect_code
    if code and code not in REDIRECT_CODES:
        allowed = ", ".join(map(str, REDIRECT_CODES))
        notes.at("redirectCode").error(f"the route is left out: {code} is not one of {allowed}")
        return False
    return True


def _answer(route: HttpRoute, notes: Notes) -> bool:
    answer = route.direct_response
    if answer is None or not 200 <= answer.status <= 599:
        notes.at("status").error("the route is left out: write a status from 200 to 599")
        return False
    try:
        b64decode((answer.body.bytes or "") if answer.body else "", validate=True)
    except ValueError:
        notes.at("body.bytes").error("the route is left out: this is not base64")
        return False
    return True


def _rewrite(rewrite: HttpRewrite | None, notes: Notes) -> HttpRewrite | None:
    if rewrite is None or rewrite.uri_regex_rewrite is None:
        return rewrite
    substitution = rewrite.uri_regex_rewrite
    why = regexes.fault(substitution.match) or regexes.replacement_fault(substitution.match, substitution.rewrite)
    if not why:
        return rewrite
    notes.at("uriRegexRewrite").error(f"the substitution is left out: {why}")
    return msgspec.structs.replace(rewrite, uri_regex_rewrite=None)


def _retries(retries: HttpRetry | None, notes: Notes) -> HttpRetry | None:
    if retries is None:
        return None
    return msgspec.structs.replace(
        retries,
        per_try_timeout=not_negative(retries.per_try_timeout, notes.at("perTryTimeout")),
        backoff=positive(retries.backoff, notes.at("backoff")),
    )


def _cors(policy: CorsPolicy | None, notes: Notes) -> CorsPolicy | None:
    if policy is None:
        return None
    origins = notes.each("allowOrigins", policy.allow_origins)
    return msgspec.structs.replace(
        policy,
        allow_origins=tuple(one for at, one in origins if _condition(one, at)),
        max_age=not_negative(policy.max_age, notes.at("maxAge")),
    )


def _fault(fault: HttpFaultInjection | None, notes: Notes) -> HttpFaultInjection | None:
    if fault is None:
        return None
    delay, abort = fault.delay, fault.abort
    if delay is not None and (not delay.fixed_delay or seconds(delay.fixed_delay) < 0.001):
        notes.at("delay.fixedDelay").error("the delay is left out: write at least 1ms")
        delay = None
    if abort is not None and abort.grpc_status is not None and abort.grpc_status not in GRPC_STATUSES:
        notes.at("abort.grpcStatus").error(f"the abort is left out: {abort.grpc_status!r} is no gRPC status name")
        abort = None
    elif abort is not None and abort.grpc_status is None and not 200 <= (abort.http_status or 0) <= 599:
        notes.at("abort.httpStatus").error("the abort is left out: write a status from 200 to 599")
        abort = None
    return msgspec.structs.replace(fault, delay=delay, abort=abort) if delay or abort else None
