"""HTTPRoute: rules for requests to some hosts, attached to listeners of Gateways."""

from __future__ import annotations

from isthmus.api.gateway_api.references import ParentReference
from isthmus.api.gateway_api.route_filters import FilteredBackend, HeaderMatch, RouteFilter
from isthmus.api.wire import Duration, Int32, Wire


class PathMatch(Wire, frozen=True, kw_only=True):
    """A condition on the path.

    type: Exact, PathPrefix or RegularExpression.
    value: The path, its beginning by whole elements, or an RE2 expression.
    """

    type: str = "PathPrefix"
    value: str = "/"


class HttpMatch(Wire, frozen=True, kw_only=True):
    """Conditions on a request; all must hold.

    path: The path.
    headers: Headers.
    queryParams: Query parameters.
    method: The method.
    """

    path: PathMatch = PathMatch()
    headers: tuple[HeaderMatch, ...] = ()
    query_params: tuple[HeaderMatch, ...] = ()
    method: str | None = None


class Timeouts(Wire, frozen=True, kw_only=True):
    """Time limits; 0 turns one off.

    request: For the whole request.
    backendRequest: For each try.
    """

    request: Duration | None = None
    backend_request: Duration | None = None


class Retry(Wire, frozen=True, kw_only=True):
    """Retries.

    codes: Statuses that are tried again.
    attempts: How often.
    backoff: The shortest time between two tries.
    """

    codes: tuple[Int32, ...] = ()
    attempts: Int32 | None = None
    backoff: Duration | None = None


class HttpRule(Wire, frozen=True, kw_only=True):
    """One rule.

    name: Name of the rule.
    matches: The rule applies when any of these holds; always when empty.
    filters: What is done on the way.
    backendRefs: Where requests go.
    timeouts: Time limits.
    retry: Retries.
    """

    name: str = ""
    matches: tuple[HttpMatch, ...] = ()
    filters: tuple[RouteFilter, ...] = ()
    backend_refs: tuple[FilteredBackend, ...] = ()
    timeouts: Timeouts | None = None
    retry: Retry | None = None


class HttpRoute(Wire, frozen=True, kw_only=True):
    """Rules for some hosts.

    parentRefs: What it attaches to.
    hostnames: The hosts; those of the listeners when empty.
    rules: The rules; the most specific match wins.
    """

    parent_refs: tuple[ParentReference, ...] = ()
    hostnames: tuple[str, ...] = ()
    rules: tuple[HttpRule, ...] = ()
