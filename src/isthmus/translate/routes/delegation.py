"""Delegation: routes that another VirtualService continues (Istio's rules for merging).

What the delegate says wins; conditions of both must hold. A condition of the delegate that contradicts the
root's makes the pair match nothing, so it is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from isthmus.api.destination import Destination
from isthmus.api.http_policy import HeaderOperations, Headers
from isthmus.api.http_route import HttpMatchRequest, HttpRoute
from isthmus.api.matching import StringMatch

_INHERITED = ("rewrite", "timeout", "retries", "fault", "cors_policy")
_CONDITIONS = ("scheme", "method", "authority", "port", "source_namespace")
_MAPS = ("headers", "without_headers", "query_params", "source_labels")


def continued(root: HttpRoute, leaves: Iterable[HttpRoute]) -> tuple[HttpRoute, ...]:
    """The routes of a delegate as continuations of the route that delegates to it."""
    found = (_merged(root, leaf) for leaf in leaves)
    return tuple(route for route in found if route is not None)


def qualified(route: HttpRoute, qualify: Callable[[str], str]) -> HttpRoute:
    """A route whose destinations are named so that another namespace can read them."""

    def full(destination: Destination) -> Destination:
        return msgspec.structs.replace(destination, host=qualify(destination.host))

    return msgspec.structs.replace(
        route,
        route=tuple(msgspec.structs.replace(one, destination=full(one.destination)) for one in route.route),
        mirror=full(route.mirror) if route.mirror else None,
        mirrors=tuple(msgspec.structs.replace(one, destination=full(one.destination)) for one in route.mirrors),
    )


def _merged(root: HttpRoute, leaf: HttpRoute) -> HttpRoute | None:
    matches = _matches(root.match, leaf.match)
    if not matches and (root.match or leaf.match):
        return None
    inherited = {name: getattr(leaf, name) or getattr(root, name) for name in _INHERITED}
    mirroring = leaf if leaf.mirror or leaf.mirrors else root
    return msgspec.structs.replace(
        leaf,
        name="-".join(filter(None, (root.name, leaf.name))),
        match=matches,
        headers=_headers(root.headers, leaf.headers),
        mirror=mirroring.mirror,
        mirrors=mirroring.mirrors,
        mirror_percentage=mirroring.mirror_percentage,
        **inherited,
    )


def _matches(root: Sequence[HttpMatchRequest], leaf: Sequence[HttpMatchRequest]) -> tuple[HttpMatchRequest, ...]:
    if not root or not leaf:
        return tuple(root or leaf)
    found = (_both(first, second) for first in root for second in leaf)
    return tuple(match for match in found if match is not None)


def _both(root: HttpMatchRequest, leaf: HttpMatchRequest) -> HttpMatchRequest | None:
    """A condition that holds when both do; None when they contradict each other, or when that cannot be said."""
    if not _within(root.uri, leaf.uri):
        return None
    fields: dict[str, object] = {"uri": leaf.uri or root.uri}
    for name in _CONDITIONS:
        first, second = getattr(root, name), getattr(leaf, name)
        if first and second and first != second:
            return None
        fields[name] = second or first
    for name in _MAPS:
        united = _united(getattr(root, name), getattr(leaf, name))
        if united is None:
            return None
        fields[name] = united
    return msgspec.structs.replace(
        leaf,
        name="-".join(filter(None, (root.name, leaf.name))),
        gateways=leaf.gateways or root.gateways,
        ignore_uri_case=leaf.ignore_uri_case or root.ignore_uri_case,
        **fields,
    )


def _within(root: StringMatch | None, leaf: StringMatch | None) -> bool:
    """Whether a path condition lies inside another; regular expressions cannot be compared."""
    if root is None or leaf is None or root == leaf:
        return True
    if root.prefix is None:
        return False
    inner = leaf.prefix if leaf.prefix is not None else leaf.exact
    return inner is not None and inner.startswith(root.prefix)


def _united(root: Mapping[str, object], leaf: Mapping[str, object]) -> Mapping[str, object] | None:
    if any(root[name] != leaf[name] for name in root.keys() & leaf.keys()):
        return None
    return {**root, **leaf}


def _headers(root: Headers | None, leaf: Headers | None) -> Headers | None:
    if root is None or leaf is None:
        return leaf or root
    return Headers(request=_operations(root.request, leaf.request), response=_operations(root.response, leaf.response))


def _operations(root: HeaderOperations | None, leaf: HeaderOperations | None) -> HeaderOperations | None:
    if root is None or leaf is None:
        return leaf or root
    return HeaderOperations(
        set={**root.set, **leaf.set},
        add={**root.add, **leaf.add},
        remove=tuple(dict.fromkeys((*root.remove, *leaf.remove))),
    )
