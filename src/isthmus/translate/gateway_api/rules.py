"""Rules of HTTPRoutes and GRPCRoutes as routes of the mesh, one for each match.

A rule that cannot do what it says answers with 500, as the specification asks: requests must not fall through to
another rule.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from isthmus.api.config import Config
from isthmus.api.gateway_api.grpc_route import GrpcMatch, GrpcRoute, GrpcRule, MethodMatch
from isthmus.api.gateway_api.http_route import HttpMatch, HttpRoute, HttpRule, PathMatch, Retry, Timeouts
from isthmus.api.gateway_api.route_filters import FilteredBackend, HeaderMatch
from isthmus.api.http_policy import HttpDirectResponse, HttpRetry
from isthmus.api.http_route import HttpMatchRequest, HttpRouteDestination
from isthmus.api.http_route import HttpRoute as MeshRoute
from isthmus.api.matching import StringMatch
from isthmus.translate.gateway_api.backends import NOWHERE, Backends, Fault
from isthmus.translate.gateway_api.filters import filtered, header_changes
from isthmus.translate.gateway_api.precedence import Ranked
from isthmus.translate.validity import regexes

_FAILURE = HttpDirectResponse(status=500)
_RETRIED = "connect-failure,refused-stream,unavailable,cancelled"


class Compiled(msgspec.Struct, frozen=True):
    """The routes of an object, and matches that were left out because they cannot be used."""

    routes: tuple[Ranked, ...] = ()
    unusable: tuple[str, ...] = ()


def http_rules(config: Config[HttpRoute], backends: Backends) -> Compiled:
    """The routes of an HTTPRoute."""
    found: list[Ranked] = []
    unusable: list[str] = []
    for i, rule in enumerate(config.spec.rules):
        for j, match in enumerate(rule.matches or (HttpMatch(),)):
            if why := _unusable([_path(match.path), *_values(match.headers), *_values(match.query_params)]):
                unusable.append(f"spec.rules[{i}].matches[{j}]: {why}")
                continue
            route = _http_route(rule, _http_match(match), backends)
            found.append(_ranked(config, route, i, j))
    return Compiled(tuple(found), tuple(unusable))


def grpc_rules(config: Config[GrpcRoute], backends: Backends) -> Compiled:
    """The routes of a GRPCRoute."""
    found: list[Ranked] = []
    unusable: list[str] = []
    for i, rule in enumerate(config.spec.rules):
        for j, match in enumerate(rule.matches or (GrpcMatch(),)):
            if why := _unusable([_called(match.method), *_values(match.headers)]):
                unusable.append(f"spec.rules[{i}].matches[{j}]: {why}")
                continue
            request = HttpMatchRequest(uri=_called(match.method), headers=_conditions(match.headers, lower=True))
            found.append(_ranked(config, _route(rule, request, backends), i, j))
    return Compiled(tuple(found), tuple(unusable))


def _ranked(config: Config[HttpRoute] | Config[GrpcRoute], route: MeshRoute, rule: int, match: int) -> Ranked:
    name = f"{config.namespace}.{config.name}.{rule}.{match}"
    place = (config.created, config.namespace, config.name, rule, match)
    return Ranked(msgspec.structs.replace(route, name=name), place)


def _http_route(rule: HttpRule, match: HttpMatchRequest, backends: Backends) -> MeshRoute:
    route = _route(rule, match, backends)
    if not route.route:
        return route
    timeouts = rule.timeouts or Timeouts()
    return msgspec.structs.replace(
        route, timeout=timeouts.request, retries=_retries(rule.retry, timeouts.backend_request)
    )


def _route(rule: HttpRule | GrpcRule, match: HttpMatchRequest, backends: Backends) -> MeshRoute:
    prefix = (match.uri.prefix or "") if match.uri else ""
    base = MeshRoute(match=(match,))
    route = filtered(base, rule.filters, "" if prefix == "/" else prefix, backends)
    if route is None:
        return msgspec.structs.replace(base, direct_response=_FAILURE)
    if route.redirect is not None:
        return route
    found = [(one, backends.destination(one)) for one in rule.backend_refs]
    if not any(destination and one.weight > 0 for one, destination in found):
        return msgspec.structs.replace(base, headers=route.headers, direct_response=_FAILURE)
    for one, _ in found:
        _note_unknown(one, backends)
    destinations = (
        HttpRouteDestination(destination=destination or NOWHERE, weight=one.weight, headers=header_changes(one.filters))
        for one, destination in found
        if one.weight > 0
    )
    return msgspec.structs.replace(route, route=tuple(destinations))


def _note_unknown(backend: FilteredBackend, backends: Backends) -> None:
    changes = {"RequestHeaderModifier", "ResponseHeaderModifier"}
    if unknown := sorted({one.type for one in backend.filters} - changes):
        message = f"filters of the type {', '.join(unknown)} are not supported on a backend"
        backends.faults.append(Fault("InvalidKind", message))


def _http_match(match: HttpMatch) -> HttpMatchRequest:
    return HttpMatchRequest(
        uri=_path(match.path),
        method=StringMatch(exact=match.method) if match.method else None,
        headers=_conditions(match.headers, lower=True),
        query_params=_conditions(match.query_params),
    )


def _path(path: PathMatch) -> StringMatch:
    if path.type == "Exact":
        return StringMatch(exact=path.value)
    if path.type == "RegularExpression":
        return StringMatch(regex=path.value)
    return StringMatch(prefix=path.value.rstrip("/") or "/")


def _called(method: MethodMatch | None) -> StringMatch:
    """The path of a call is ``/service/method``."""
    if method is None or not (method.service or method.method):
        return StringMatch(prefix="/")
    if method.type == "RegularExpression":
        return StringMatch(regex=f"/{method.service or '[^/]+'}/{method.method or '[^/]+'}")
    if method.service and method.method:
        return StringMatch(exact=f"/{method.service}/{method.method}")
    return StringMatch(prefix=f"/{method.service}") if method.service else StringMatch(regex=f"/[^/]+/{method.method}")


def _conditions(matches: Iterable[HeaderMatch], *, lower: bool = False) -> dict[str, StringMatch]:
    """Conditions by name; of several for one name the first counts (Gateway API)."""
    found: dict[str, StringMatch] = {}
    for one, condition in zip(matches, _values(matches), strict=True):
        found.setdefault(one.name.lower() if lower else one.name, condition)
    return found


def _values(matches: Iterable[HeaderMatch]) -> list[StringMatch]:
    return [
        StringMatch(regex=one.value) if one.type == "RegularExpression" else StringMatch(exact=one.value)
        for one in matches
    ]


def _unusable(conditions: Iterable[StringMatch]) -> str:
    for condition in conditions:
        if condition.regex is not None and (why := regexes.fault(condition.regex)):
            return f"{condition.regex!r} {why}"
    return ""


def _retries(retry: Retry | None, per_try: str | None) -> HttpRetry | None:
    if retry is None and per_try is None:
        return None
    wanted = retry or Retry()
    codes = ",".join(str(code) for code in wanted.codes)
    return HttpRetry(
        attempts=2 if wanted.attempts is None else wanted.attempts,
        per_try_timeout=per_try,
        retry_on=f"{_RETRIED},{codes}" if codes else "",
        backoff=wanted.backoff,
    )
