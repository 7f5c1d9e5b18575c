"""HTTP routes of a VirtualService: conditions, destinations, and what is done on the way.

Traffic policies on the way (faults, mirrors, retries, CORS) are in ``http_policy``.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import field

from isthmus.api.destination import Destination
from isthmus.api.http_policy import (
    CorsPolicy,
    Headers,
    HttpDirectResponse,
    HttpFaultInjection,
    HttpMirrorPolicy,
    HttpRedirect,
    HttpRetry,
    HttpRewrite,
    Percent,
)
from isthmus.api.matching import StringMatch
from isthmus.api.wire import Duration, Int32, Labels, UInt32, Wire


class HttpMatchRequest(Wire, frozen=True, kw_only=True):
    """Conditions on a request; all must hold.

    name: Name of the condition; it shows in access logs.
    uri: The path.
    scheme: The scheme.
    method: The method.
    authority: The host asked for.
    headers: Headers by name, in lower case; an empty condition asks for presence.
    port: Port of the destination.
    sourceLabels: Labels of the client's workload.
    gateways: Gateways that this condition is for; overrides the object's.
    queryParams: Query parameters by name.
    ignoreUriCase: Compare the path without regard to case (exact and prefix only).
    withoutHeaders: Headers that must not match.
    sourceNamespace: Namespace of the client's workload.
    statPrefix: Prefix of statistics kept for this route.
    """

    name: str = ""
    uri: StringMatch | None = None
    scheme: StringMatch | None = None
    method: StringMatch | None = None
    authority: StringMatch | None = None
    headers: Mapping[str, StringMatch] = {}
    port: UInt32 = 0
    source_labels: Labels = {}
    gateways: tuple[str, ...] = ()
    query_params: Mapping[str, StringMatch] = {}
    ignore_uri_case: bool = False
    without_headers: Mapping[str, StringMatch] = {}
    source_namespace: str = ""
    stat_prefix: str = ""


class HttpRouteDestination(Wire, frozen=True, kw_only=True):
    """Where requests go.

    destination: The service.
    weight: Share of the requests, relative to the other destinations; all when it is the only one.
    headers: Changes to headers.
    """

    destination: Destination
    weight: Int32 = 0
    headers: Headers | None = None


class Delegate(Wire, frozen=True, kw_only=True):
    """Another VirtualService that continues a route.

    name: Name of the object.
    namespace: Its namespace; the own one when empty.
    """

    name: str = ""
    namespace: str = ""


class HttpRoute(Wire, frozen=True, kw_only=True):
    """One HTTP route: either destinations, a redirect, a fixed answer or a delegate.

    name: Name of the route; it shows in access logs.
    match: The route applies when any of these holds; always when empty.
    route: Where requests go.
    redirect: Answer with a redirect instead.
    directResponse: Answer with a fixed response instead.
    delegate: Continue in another VirtualService.
    rewrite: Changes to path and host before forwarding.
    timeout: Time for the whole request; none when not set.
    retries: When and how often a request is tried again.
    fault: Delays and errors on purpose.
    mirror: A service that receives a copy of the requests.
    mirrors: Services that receive a copy of the requests.
    mirrorPercent: Share of requests that are mirrored; use mirrorPercentage.
    mirror_percent: Old spelling of mirrorPercent.
    mirrorPercentage: Share of requests that are mirrored.
    corsPolicy: Cross-origin rules.
    headers: Changes to headers.
    """

    name: str = ""
    match: tuple[HttpMatchRequest, ...] = ()
    route: tuple[HttpRouteDestination, ...] = ()
    redirect: HttpRedirect | None = None
    direct_response: HttpDirectResponse | None = None
    delegate: Delegate | None = None
    rewrite: HttpRewrite | None = None
    timeout: Duration | None = None
    retries: HttpRetry | None = None
    fault: HttpFaultInjection | None = None
    mirror: Destination | None = None
    mirrors: tuple[HttpMirrorPolicy, ...] = ()
    mirror_percent: UInt32 | None = None
    mirror_percent_old: UInt32 | None = field(name="mirror_percent", default=None)
    mirror_percentage: Percent | None = None
    cors_policy: CorsPolicy | None = None
    headers: Headers | None = None
