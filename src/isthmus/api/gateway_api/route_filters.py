"""What routes of the Gateway API do to requests besides choosing a backend."""

from __future__ import annotations

from isthmus.api.gateway_api.references import BackendReference
from isthmus.api.wire import Int32, PortNumber, Wire


class HeaderValue(Wire, frozen=True, kw_only=True):
    """A header.

    name: Its name.
    value: Its value.
    """

    name: str
    value: str = ""


class HeaderModifier(Wire, frozen=True, kw_only=True):
    """Changes to headers.

    set: Replace or create.
    add: Append.
    remove: Remove.
    """

    set: tuple[HeaderValue, ...] = ()
    add: tuple[HeaderValue, ...] = ()
    remove: tuple[str, ...] = ()


class PathModifier(Wire, frozen=True, kw_only=True):
    """A change of the path.

    type: ReplaceFullPath or ReplacePrefixMatch.
    replaceFullPath: The new path.
    replacePrefixMatch: What stands in place of the matched prefix.
    """

    type: str
    replace_full_path: str | None = None
    replace_prefix_match: str | None = None


class RequestRedirect(Wire, frozen=True, kw_only=True):
    """A redirect; what is not set stays as in the request.

    scheme: New scheme.
    hostname: New host.
    path: New path.
    port: New port.
    statusCode: Status of the answer.
    """

    scheme: str | None = None
    hostname: str | None = None
    path: PathModifier | None = None
    port: PortNumber | None = None
    status_code: Int32 = 302


class UrlRewrite(Wire, frozen=True, kw_only=True):
    """A change of the request before it is forwarded.

    hostname: New host.
    path: New path.
    """

    hostname: str | None = None
    path: PathModifier | None = None


class Fraction(Wire, frozen=True, kw_only=True):
    """A share.

    numerator: The part.
    denominator: The whole.
    """

    numerator: Int32
    denominator: Int32 = 100


class RequestMirror(Wire, frozen=True, kw_only=True):
    """A receiver of copies.

    backendRef: The service.
    percent: Share of the requests; all when neither it nor fraction is set.
    fraction: Share of the requests.
    """

    backend_ref: BackendReference
    percent: Int32 | None = None
    fraction: Fraction | None = None


class Cors(Wire, frozen=True, kw_only=True):
    """Cross-origin rules.

    allowOrigins: Origins that may call, possibly with a wildcard.
    allowCredentials: Whether credentials may be sent.
    allowMethods: Methods that are allowed.
    allowHeaders: Headers that may be sent.
    exposeHeaders: Headers that the browser may read.
    maxAge: Seconds that a preflight answer is kept.
    """

    allow_origins: tuple[str, ...] = ()
    allow_credentials: bool | None = None
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age: Int32 = 5


class ExtensionReference(Wire, frozen=True, kw_only=True):
    """A filter of the implementation's own; there are none.

    group: API group of the object.
    kind: Its kind.
    name: Its name.
    """

    group: str = ""
    kind: str = ""
    name: str = ""


class RouteFilter(Wire, frozen=True, kw_only=True):
    """One filter; the field that its type names is set.

    type: Which one.
    requestHeaderModifier: Changes to the request's headers.
    responseHeaderModifier: Changes to the answer's headers.
    requestMirror: A copy of the request goes elsewhere, too.
    requestRedirect: Answer with a redirect.
    urlRewrite: Changes to host and path.
    cors: Cross-origin rules.
    extensionRef: A filter of the implementation's own.
    """

    type: str
    request_header_modifier: HeaderModifier | None = None
    response_header_modifier: HeaderModifier | None = None
    request_mirror: RequestMirror | None = None
    request_redirect: RequestRedirect | None = None
    url_rewrite: UrlRewrite | None = None
    cors: Cors | None = None
    extension_ref: ExtensionReference | None = None


class FilteredBackend(BackendReference, frozen=True, kw_only=True):
    """A backend with filters of its own.

    filters: What is done to requests that go there.
    """

    filters: tuple[RouteFilter, ...] = ()


class HeaderMatch(Wire, frozen=True, kw_only=True):
    """A condition on a header or on a query parameter.

    type: Exact or RegularExpression.
    name: Its name.
    value: The value, or an RE2 expression for the whole of it.
    """

    type: str = "Exact"
    name: str
    value: str
