"""Rules of what an HTTP route does besides forwarding: rewrites, redirects, answers, retries, faults, CORS."""

from __future__ import annotations

from isthmus.api.config import Problem
from isthmus.api.http_policy import (
    CorsPolicy,
    HttpDirectResponse,
    HttpFaultInjection,
    HttpRedirect,
    HttpRetry,
    HttpRewrite,
)
from isthmus.api.http_route import HttpRoute
from isthmus.validation import syntax
from isthmus.validation.findings import Findings, duration, each, percent, warning, wrong

_RETRY_CONDITIONS = frozenset(
    """
    5xx gateway-error reset reset-before-request connect-failure envoy-ratelimited retriable-4xx refused-stream
    retriable-status-codes retriable-headers http3-post-connect-failure
    cancelled deadline-exceeded internal resource-exhausted unavailable
    """.split()  # noqa: SIM905 - a table of words
)
_GRPC = frozenset(
    """
    OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED
    RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS
    UNAUTHENTICATED
    """.split()  # noqa: SIM905 - a table of words
)
_LARGEST_BODY = 1024 * 1024


def policies(path: str, route: HttpRoute) -> Findings:
    """The findings on every policy of a route."""
    if route.redirect:
        yield from _redirect(f"{path}.redirect", route.redirect)
    if route.direct_response:
        yield from _direct_response(f"{path}.directResponse", route.direct_response)
    if route.rewrite:
        yield from _rewrite(f"{path}.rewrite", route.rewrite)
    if route.retries:
        yield from _retries(f"{path}.retries", route.retries)
    if route.fault:
        yield from _fault(f"{path}.fault", route.fault)
    if route.cors_policy:
        yield from _cors(f"{path}.corsPolicy", route.cors_policy)


def _redirect(path: str, redirect: HttpRedirect) -> Findings:
    parts = (redirect.uri, redirect.prefix_rewrite, redirect.authority, redirect.scheme, redirect.port)
    if redirect.uri and redirect.prefix_rewrite:
        yield Problem(path, "only one of uri and prefixRewrite may be set")
    if not any(parts) and not redirect.derive_port:
        yield Problem(path, "set uri, authority, scheme or port: the redirect would lead to itself")
    if redirect.scheme not in ("", "http", "https"):
        yield Problem(f"{path}.scheme", f"{redirect.scheme!r} is neither http nor https")
    if redirect.redirect_code not in (0, 301, 302, 303, 307, 308):
        yield Problem(f"{path}.redirectCode", f"{redirect.redirect_code} is not one of 301, 302, 303, 307, 308")


def _direct_response(path: str, response: HttpDirectResponse) -> Findings:
    if not 100 <= response.status <= 599:
        yield Problem(f"{path}.status", f"{response.status} is not an HTTP status")
    body = response.body and (response.body.string or response.body.bytes)
    if body and len(body.encode()) > _LARGEST_BODY:
        yield Problem(f"{path}.body", "larger than 1 MiB")


def _rewrite(path: str, rewrite: HttpRewrite) -> Findings:
    regex = rewrite.uri_regex_rewrite
    if not (rewrite.uri or rewrite.authority or regex):
        yield Problem(path, "set uri, authority or uriRegexRewrite")
    if rewrite.uri and regex:
        yield Problem(path, "only one of uri and uriRegexRewrite may be set")
    if regex:
        yield from wrong(f"{path}.uriRegexRewrite.match", syntax.expression(regex.match))


def _retries(path: str, retry: HttpRetry) -> Findings:
    if retry.attempts < 0:
        yield Problem(f"{path}.attempts", f"{retry.attempts} is negative")
    if retry.attempts == 0 and (retry.retry_on or retry.per_try_timeout):
        yield Problem(path, "attempts is 0, which turns retries off; set it or leave the other fields out")
    yield from duration(f"{path}.perTryTimeout", retry.per_try_timeout)
    yield from duration(f"{path}.backoff", retry.backoff)
    for condition in filter(None, (part.strip() for part in retry.retry_on.split(","))):
        code = condition.isdigit() and 100 <= int(condition) <= 599
        if not code and condition not in _RETRY_CONDITIONS:
            yield Problem(f"{path}.retryOn", f"{condition!r} is neither a retry condition nor an HTTP status")


def _fault(path: str, fault: HttpFaultInjection) -> Findings:
    if not (fault.delay or fault.abort):
        yield Problem(path, "set delay or abort")
    if delay := fault.delay:
        where = f"{path}.delay"
        if delay.fixed_delay is None:
            yield Problem(f"{where}.fixedDelay", "required, but not set")
        yield from duration(f"{where}.fixedDelay", delay.fixed_delay)
        yield from percent(f"{where}.percentage", delay.percentage)
        yield from percent(f"{where}.percent", delay.percent)
        if delay.percent:
            yield warning(f"{where}.percent", "is deprecated; use percentage")
    if abort := fault.abort:
        where = f"{path}.abort"
        yield from percent(f"{where}.percentage", abort.percentage)
        if abort.http_status is None and abort.grpc_status is None:
            yield Problem(where, "set httpStatus or grpcStatus")
        if abort.http_status is not None and not 200 <= abort.http_status <= 599:
            yield Problem(f"{where}.httpStatus", f"{abort.http_status} is not between 200 and 599")
        if abort.grpc_status is not None and abort.grpc_status.upper() not in _GRPC:
            yield Problem(f"{where}.grpcStatus", f"{abort.grpc_status!r} is not a gRPC status")


def _cors(path: str, cors: CorsPolicy) -> Findings:
    for index, origin in enumerate(cors.allow_origins):
        if origin.regex is not None:
            yield from wrong(f"{path}.allowOrigins[{index}].regex", syntax.expression(origin.regex))
    yield from each(f"{path}.allowHeaders", [n for n in cors.allow_headers if n != "*"], syntax.header_name)
    yield from each(f"{path}.exposeHeaders", [n for n in cors.expose_headers if n != "*"], syntax.header_name)
    yield from duration(f"{path}.maxAge", cors.max_age, least=0)
    if cors.allow_origin:
        yield warning(f"{path}.allowOrigin", "is deprecated; use allowOrigins")
    if cors.allow_credentials and "*" in cors.allow_origin:
        yield warning(path, "browsers refuse credentials for the origin '*'")
