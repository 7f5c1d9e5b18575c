"""What an HTTP route does to requests besides choosing a destination."""

from __future__ import annotations

from typing import ClassVar, Literal

from isthmus.api.destination import Destination
from isthmus.api.matching import StringMatch
from isthmus.api.wire import Duration, Groups, Int32, Labels, UInt32, Wire


class Percent(Wire, frozen=True, kw_only=True):
    """A share.

    value: From 0 to 100, with fractions.
    """

    value: float = 0.0


class HeaderOperations(Wire, frozen=True, kw_only=True):
    """Changes to headers, by name.

    set: Replace or create.
    add: Append.
    remove: Remove.
    """

    set: Labels = {}
    add: Labels = {}
    remove: tuple[str, ...] = ()


class Headers(Wire, frozen=True, kw_only=True):
    """Changes to headers.

    request: Before forwarding.
    response: Before answering.
    """

    request: HeaderOperations | None = None
    response: HeaderOperations | None = None


class HttpRedirect(Wire, frozen=True, kw_only=True):
    """A redirect.

    uri: New path.
    authority: New host.
    port: New port.
    derivePort: Where the new port comes from.
    scheme: New scheme.
    redirectCode: Status code; 301 when not set.
    prefixRewrite: Replaces the matched prefix; excludes uri.
    """

    at_most_one: ClassVar[Groups] = (("port", "derivePort"),)

    uri: str = ""
    authority: str = ""
    port: UInt32 | None = None
    derive_port: Literal["FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"] | None = None
    scheme: str = ""
    redirect_code: UInt32 = 0
    prefix_rewrite: str = ""


class HttpBody(Wire, frozen=True, kw_only=True):
    """A body.

    string: As text.
    bytes: As base64.
    """

    at_most_one: ClassVar[Groups] = (("string", "bytes"),)

    string: str | None = None
    bytes: str | None = None


class HttpDirectResponse(Wire, frozen=True, kw_only=True):
    """A fixed answer.

    status: Status code.
    body: Body of the answer.
    """

    status: UInt32
    body: HttpBody | None = None


class RegexRewrite(Wire, frozen=True, kw_only=True):
    """Substitution in the path.

    match: An RE2 expression.
    rewrite: Replacement, with `\\1` for groups.
    """

    match: str = ""
    rewrite: str = ""


class HttpRewrite(Wire, frozen=True, kw_only=True):
    """Changes to the request's line.

    uri: Replaces the path, or the matched prefix.
    authority: Replaces the host.
    uriRegexRewrite: Substitution in the path.
    """

    uri: str = ""
    authority: str = ""
    uri_regex_rewrite: RegexRewrite | None = None


class HttpRetry(Wire, frozen=True, kw_only=True):
    """Retries.

    attempts: How often a request is tried again; 0 turns retries off.
    perTryTimeout: Time for each try.
    retryOn: Envoy's retry conditions, separated by commas; may include status codes.
    retryRemoteLocalities: Try endpoints of other localities.
    retryIgnorePreviousHosts: Do not try an endpoint twice.
    backoff: Base interval between tries.
    """

    attempts: Int32 = 0
    per_try_timeout: Duration | None = None
    retry_on: str = ""
    retry_remote_localities: bool | None = None
    retry_ignore_previous_hosts: bool | None = None
    backoff: Duration | None = None


class FaultDelay(Wire, frozen=True, kw_only=True):
    """A delay on purpose.

    percent: Share of requests; use percentage.
    fixedDelay: The delay.
    exponentialDelay: Not used.
    percentage: Share of requests that are delayed.
    """

    at_most_one: ClassVar[Groups] = (("fixedDelay", "exponentialDelay"),)

    percent: Int32 = 0
    fixed_delay: Duration | None = None
    exponential_delay: Duration | None = None
    percentage: Percent | None = None


class FaultAbort(Wire, frozen=True, kw_only=True):
    """An error on purpose.

    httpStatus: HTTP status to answer.
    grpcStatus: gRPC status name to answer.
    http2Error: Not used.
    percentage: Share of requests that are aborted; all when not set.
    """

    at_most_one: ClassVar[Groups] = (("httpStatus", "grpcStatus", "http2Error"),)

    http_status: Int32 | None = None
    grpc_status: str | None = None
    http2_error: str | None = None
    percentage: Percent | None = None


class HttpFaultInjection(Wire, frozen=True, kw_only=True):
    """Faults.

    delay: Delay before forwarding.
    abort: Answer without forwarding.
    """

    delay: FaultDelay | None = None
    abort: FaultAbort | None = None


class HttpMirrorPolicy(Wire, frozen=True, kw_only=True):
    """A receiver of copies.

    destination: The service.
    percentage: Share of requests; all when not set.
    """

    destination: Destination
    percentage: Percent | None = None


class CorsPolicy(Wire, frozen=True, kw_only=True):
    """Cross-origin rules.

    allowOrigin: Origins, exact; use allowOrigins.
    allowOrigins: Origins that may call.
    allowMethods: Methods that are allowed.
    allowHeaders: Headers that may be sent.
    exposeHeaders: Headers that the browser may read.
    maxAge: How long a preflight answer is kept.
    allowCredentials: Whether credentials may be sent.
    unmatchedPreflights: What happens to preflight requests of other origins.
    """

    allow_origin: tuple[str, ...] = ()
    allow_origins: tuple[StringMatch, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age: Duration | None = None
    allow_credentials: bool | None = None
    unmatched_preflights: Literal["UNSPECIFIED", "FORWARD", "IGNORE"] = "UNSPECIFIED"
