"""Filters of rules: what they change of the mesh's own routes."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from isthmus.api.gateway_api.route_filters import Cors, HeaderModifier, RequestMirror, RouteFilter, UrlRewrite
from isthmus.api.gateway_api.route_filters import RequestRedirect as Redirect
from isthmus.api.http_policy import (
    CorsPolicy,
    HeaderOperations,
    Headers,
    HttpMirrorPolicy,
    HttpRedirect,
    HttpRewrite,
    Percent,
    RegexRewrite,
)
from isthmus.api.http_route import HttpRoute
from isthmus.api.matching import StringMatch
from isthmus.translate.gateway_api.backends import Backends, Fault

PREFIX = "%PREFIX()%"
"""Stands before a path that replaces the matched prefix, as in VirtualServices."""


def filtered(route: HttpRoute, filters: Iterable[RouteFilter], prefix: str, backends: Backends) -> HttpRoute | None:
    """The route with its filters; None when one of them is not known. ``prefix`` is what the path matched, if any."""
    wanted = tuple(filters)
    for one in wanted:
        if one.extension_ref is not None or one.type == "ExternalAuth":
            backends.faults.append(Fault("InvalidKind", f"filters of the type {one.type} are not supported"))
            return None
    rewrites = [one.url_rewrite for one in wanted if one.url_rewrite]
    redirects = [one.request_redirect for one in wanted if one.request_redirect]
    cors = [one.cors for one in wanted if one.cors]
    return msgspec.structs.replace(
        route,
        headers=header_changes(wanted),
        mirrors=tuple(_mirrors((one.request_mirror for one in wanted if one.request_mirror), backends)),
        redirect=_redirect(redirects[0]) if redirects else None,
        rewrite=_rewrite(rewrites[0], prefix) if rewrites else None,
        cors_policy=_cors(cors[0]) if cors else None,
    )


def header_changes(filters: Iterable[RouteFilter]) -> Headers | None:
    """The changes to headers among filters."""
    wanted = tuple(filters)
    request = _operations(one.request_header_modifier for one in wanted)
    response = _operations(one.response_header_modifier for one in wanted)
    return Headers(request=request, response=response) if request or response else None


def _operations(modifiers: Iterable[HeaderModifier | None]) -> HeaderOperations | None:
    found = [one for one in modifiers if one is not None]
    if not found:
        return None
    return HeaderOperations(
        set={header.name: header.value for one in found for header in one.set},
        add={header.name: header.value for one in found for header in one.add},
        remove=tuple(name for one in found for name in one.remove),
    )


def _mirrors(wanted: Iterable[RequestMirror], backends: Backends) -> Iterable[HttpMirrorPolicy]:
    for one in wanted:
        if destination := backends.destination(one.backend_ref):
            yield HttpMirrorPolicy(destination=destination, percentage=Percent(value=_share(one)))


def _share(mirror: RequestMirror) -> float:
    if mirror.fraction is not None:
        return 100.0 * mirror.fraction.numerator / max(mirror.fraction.denominator, 1)
    return 100.0 if mirror.percent is None else float(mirror.percent)


def _redirect(wanted: Redirect) -> HttpRedirect:
    uri = ""
    if wanted.path is not None and wanted.path.replace_prefix_match is not None:
        uri = PREFIX + (wanted.path.replace_prefix_match.rstrip("/") or "/")
    elif wanted.path is not None:
        uri = wanted.path.replace_full_path or ""
    return HttpRedirect(
        uri=uri,
        authority=wanted.hostname or "",
        scheme=wanted.scheme or "",
        port=wanted.port,
        derive_port=None if wanted.port else "FROM_PROTOCOL_DEFAULT" if wanted.scheme else "FROM_REQUEST_PORT",
        redirect_code=wanted.status_code,
    )


def _rewrite(wanted: UrlRewrite, prefix: str) -> HttpRewrite:
    authority, path = wanted.hostname or "", wanted.path
    if path is None:
        return HttpRewrite(authority=authority)
    if path.replace_prefix_match is None:
        whole = RegexRewrite(match="/.*", rewrite=_literal(path.replace_full_path or "/"))
        return HttpRewrite(authority=authority, uri_regex_rewrite=whole)
    replacement = path.replace_prefix_match.rstrip("/")
    if replacement:
        return HttpRewrite(authority=authority, uri=replacement)
    # Without the prefix a path may begin with any number of slashes, or be empty; one slash is meant.
    rest = RegexRewrite(match=f"^{re.escape(prefix)}/*", rewrite="/")
    return HttpRewrite(authority=authority, uri_regex_rewrite=rest)


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\")


def _cors(wanted: Cors) -> CorsPolicy:
    return CorsPolicy(
        allow_origins=tuple(_origin(origin) for origin in wanted.allow_origins),
        allow_methods=wanted.allow_methods,
        allow_headers=wanted.allow_headers,
        expose_headers=wanted.expose_headers,
        max_age=f"{wanted.max_age}s",
        allow_credentials=wanted.allow_credentials,
        unmatched_preflights="IGNORE",
    )


def _origin(text: str) -> StringMatch:
    if "*" not in text:
        return StringMatch(exact=text)
    return StringMatch(regex=".*".join(re.escape(part) for part in text.split("*")))
