"""What happens to a request that matched: forwarded, redirected, or answered."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Sequence

import msgspec

from isthmus.api.destination import Destination
from isthmus.api.http_policy import HttpDirectResponse, HttpRedirect, HttpRewrite
from isthmus.api.http_route import HttpMatchRequest, HttpRoute, HttpRouteDestination
from isthmus.api.mesh_config import MeshConfig
from isthmus.translate import alpn
from isthmus.translate.routes.destinations import Resolved
from isthmus.translate.routes.headers import header_fields, host_of
from isthmus.translate.routes.retries import retry_policy
from isthmus.translate.values import UNTIMED, Fields, go_duration, runtime_percent, wrapped

REDIRECT_CODES = {
    301: "MOVED_PERMANENTLY",
    302: "FOUND",
    303: "SEE_OTHER",
    307: "TEMPORARY_REDIRECT",
    308: "PERMANENT_REDIRECT",
}
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Forwarding(msgspec.Struct, frozen=True):
    """What forwarding depends on besides the route."""

    resolve: Callable[[Destination], Resolved]
    mesh: MeshConfig
    keeps_version: bool  # sniffed ports are spoken to in the client's HTTP version (sidecars)
    gateway_api: bool = False  # the Gateway API's rules apply where they differ from Istio's


def action(route: HttpRoute, match: HttpMatchRequest | None, forwarding: Forwarding) -> Fields:
    """The action of a route, with the per-filter configuration that it needs."""
    if route.redirect is not None:
        return {"redirect": redirect(route.redirect, match)}
    if route.direct_response is not None:
        return {"direct_response": direct_response(route.direct_response)}
    return _forward(route, match, forwarding)


def redirect(wanted: HttpRedirect, match: HttpMatchRequest | None = None) -> Fields:
    """A redirect; what is not said stays as in the request."""
    fields: Fields = {"response_code": REDIRECT_CODES.get(wanted.redirect_code or 301, "MOVED_PERMANENTLY")}
    if wanted.authority:
        fields["host_redirect"] = wanted.authority
    if wanted.scheme:
        fields["scheme_redirect"] = wanted.scheme
    if wanted.port is not None:
        fields["port_redirect"] = wanted.port
    elif wanted.derive_port == "FROM_PROTOCOL_DEFAULT" and wanted.scheme in _DEFAULT_PORTS:
        fields["port_redirect"] = _DEFAULT_PORTS[wanted.scheme]
    if wanted.uri == "%PREFIX()%/" and match is not None and match.uri is not None and match.uri.prefix:
        # What follows the prefix begins with a slash already.
        fields["regex_rewrite"] = _substitution(f"^{re.escape(match.uri.prefix.rstrip('/'))}/*", "/")
    elif wanted.uri.startswith("%PREFIX()%"):
        fields["prefix_rewrite"] = wanted.uri.removeprefix("%PREFIX()%")
    elif wanted.uri:
        fields["path_redirect"] = wanted.uri
    return fields


def direct_response(wanted: HttpDirectResponse) -> Fields:
    """A fixed answer."""
    fields: Fields = {"status": wanted.status}
    if wanted.body is not None and wanted.body.string is not None:
        fields["body"] = {"inline_string": wanted.body.string}
    elif wanted.body is not None and wanted.body.bytes is not None:
        fields["body"] = {"inline_bytes": b64decode(wanted.body.bytes)}
    return fields


def _forward(route: HttpRoute, match: HttpMatchRequest | None, forwarding: Forwarding) -> Fields:
    resolved = [forwarding.resolve(entry.destination) for entry in route.route]
    fields: Fields = {
        **UNTIMED,
        **({"timeout": go_duration(route.timeout)} if route.timeout else {}),
        **_rewritten(route.rewrite, match),
        **({"cluster_not_found_response_code": "INTERNAL_SERVER_ERROR"} if forwarding.gateway_api else {}),
    }
    if retries := retry_policy(route.retries, forwarding.mesh):
        fields["retry_policy"] = retries
    if host := host_of(route.headers):
        fields["host_rewrite_literal"] = host
    if mirrors := _mirrors(route, forwarding):
        fields["request_mirror_policies"] = mirrors
    if len(resolved) == 1:
        return _to_one(fields, route.route[0], resolved[0], forwarding)
    fields["weighted_clusters"] = {"clusters": _weighted(route.route, resolved, forwarding)}
    if hashing := next((one.hashing for one in resolved if one.hashing), ()):
        fields["hash_policy"] = hashing
    return {"route": fields}


def _to_one(fields: Fields, entry: HttpRouteDestination, resolved: Resolved, forwarding: Forwarding) -> Fields:
    fields["cluster"] = resolved.cluster
    if resolved.hashing:
        fields["hash_policy"] = resolved.hashing
    if host := host_of(entry.headers):
        fields["host_rewrite_literal"] = host
    result: Fields = {"route": fields, **header_fields(entry.headers)}
    if resolved.sniffed:
        result["typed_per_filter_config"] = alpn.per_request(follows_client=forwarding.keeps_version)
    return result


def _weighted(
    entries: Sequence[HttpRouteDestination], resolved: Sequence[Resolved], forwarding: Forwarding
) -> list[Fields]:
    result: list[Fields] = []
    for entry, one in zip(entries, resolved, strict=True):
        if entry.weight <= 0:
            continue
        fields: Fields = {"name": one.cluster, "weight": wrapped(entry.weight), **header_fields(entry.headers)}
        if host := host_of(entry.headers):
            fields["host_rewrite_literal"] = host
        if one.sniffed:
            fields["typed_per_filter_config"] = alpn.per_request(follows_client=forwarding.keeps_version)
        result.append(fields)
    return result


def _rewritten(rewrite: HttpRewrite | None, match: HttpMatchRequest | None) -> Fields:
    if rewrite is None:
        return {}
    fields: Fields = {"host_rewrite_literal": rewrite.authority} if rewrite.authority else {}
    regex = match.uri.regex if match and match.uri else None
    if rewrite.uri_regex_rewrite is not None:
        fields["regex_rewrite"] = _substitution(rewrite.uri_regex_rewrite.match, rewrite.uri_regex_rewrite.rewrite)
    elif rewrite.uri and regex:
        fields["regex_rewrite"] = _substitution(regex, rewrite.uri)
    elif rewrite.uri:
        fields["prefix_rewrite"] = rewrite.uri
    return fields


def _substitution(regex: str, text: str) -> Fields:
    return {"pattern": {"regex": regex}, "substitution": text}


def _mirrors(route: HttpRoute, forwarding: Forwarding) -> list[Fields]:
    found = [
        (mirror.destination, 100.0 if mirror.percentage is None else mirror.percentage.value)
        for mirror in route.mirrors
    ]
    if route.mirror is not None and not found:
        share = route.mirror_percentage.value if route.mirror_percentage else route.mirror_percent
        found = [(route.mirror, 100.0 if share is None else float(share))]
    return [
        {"cluster": forwarding.resolve(destination).cluster, "runtime_fraction": runtime_percent(share)}
        for destination, share in found
        if share > 0
    ]
