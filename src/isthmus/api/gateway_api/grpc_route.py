"""GRPCRoute: rules for gRPC calls to some hosts, attached to listeners of Gateways."""

from __future__ import annotations

from isthmus.api.gateway_api.references import ParentReference
from isthmus.api.gateway_api.route_filters import FilteredBackend, HeaderMatch, RouteFilter
from isthmus.api.wire import Wire


class MethodMatch(Wire, frozen=True, kw_only=True):
    """A condition on what is called.

    type: Exact or RegularExpression.
    service: The service; any when not set.
    method: The method; any when not set.
    """

    type: str = "Exact"
    service: str | None = None
    method: str | None = None


class GrpcMatch(Wire, frozen=True, kw_only=True):
    """Conditions on a call; all must hold.

    method: What is called.
    headers: Metadata.
    """

    method: MethodMatch | None = None
    headers: tuple[HeaderMatch, ...] = ()


class GrpcRule(Wire, frozen=True, kw_only=True):
    """One rule.

    name: Name of the rule.
    matches: The rule applies when any of these holds; always when empty.
    filters: What is done on the way.
    backendRefs: Where calls go.
    """

    name: str = ""
    matches: tuple[GrpcMatch, ...] = ()
    filters: tuple[RouteFilter, ...] = ()
    backend_refs: tuple[FilteredBackend, ...] = ()


class GrpcRoute(Wire, frozen=True, kw_only=True):
    """Rules for some hosts.

    parentRefs: What it attaches to.
    hostnames: The hosts; those of the listeners when empty.
    rules: The rules; the most specific match wins.
    """

    parent_refs: tuple[ParentReference, ...] = ()
    hostnames: tuple[str, ...] = ()
    rules: tuple[GrpcRule, ...] = ()
