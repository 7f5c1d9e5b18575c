"""Type URLs and the order in which types are sent.

Knows Envoy's advice on eventual consistency (xDS protocol, "Eventual consistency considerations"):
clusters, their endpoints, listeners, routes; what is gone leaves last. Istio's push order is the same.
"""

from __future__ import annotations

from typing import Final

_PREFIX = "type.googleapis.com/"

CLUSTER: Final = _PREFIX + "envoy.config.cluster.v3.Cluster"
ENDPOINT: Final = _PREFIX + "envoy.config.endpoint.v3.ClusterLoadAssignment"
LISTENER: Final = _PREFIX + "envoy.config.listener.v3.Listener"
ROUTE: Final = _PREFIX + "envoy.config.route.v3.RouteConfiguration"
VIRTUAL_HOST: Final = _PREFIX + "envoy.config.route.v3.VirtualHost"
SECRET: Final = _PREFIX + "envoy.extensions.transport_sockets.tls.v3.Secret"
EXTENSION: Final = _PREFIX + "envoy.config.core.v3.TypedExtensionConfig"
NAME_TABLE: Final = _PREFIX + "istio.networking.nds.v1.NameTable"
PROXY_CONFIG: Final = _PREFIX + "istio.mesh.v1alpha1.ProxyConfig"
HEALTH: Final = _PREFIX + "istio.v1.HealthInformation"
DEBUG: Final = "istio.io/debug"

_RANK = {kind: rank for rank, kind in enumerate((CLUSTER, ENDPOINT, LISTENER, ROUTE, VIRTUAL_HOST, SECRET, EXTENSION))}
_SHORT = {
    CLUSTER: "cds",
    ENDPOINT: "eds",
    LISTENER: "lds",
    ROUTE: "rds",
    VIRTUAL_HOST: "vhds",
    SECRET: "sds",
    EXTENSION: "ecds",
    NAME_TABLE: "nds",
    PROXY_CONFIG: "pcds",
}

NAMED_ONLY: Final = frozenset({ENDPOINT, ROUTE, SECRET, EXTENSION})
"""Types of which a subscription to nothing means nothing (Istio: IsWildcardTypeURL)."""

TOGETHER: Final = frozenset({VIRTUAL_HOST})
"""Types of which a client is due all that belongs to what it has taken, whatever it names, and that change together.

Envoy serves with whatever part of a route configuration's virtual hosts has come, and rejects those of which two have
one domain for a moment. The names that it may ask for are made from the Host headers of requests.
"""

ONE_OR_NONE: Final = frozenset({NAME_TABLE, PROXY_CONFIG})
"""Types of one resource that Istio's agent keeps to itself. It does not acknowledge a response without the resource."""

MAKE_BEFORE_BREAK: Final = (CLUSTER, ENDPOINT)
"""Types whose removals wait until listeners and routes stopped naming them."""


def rank(type_url: str) -> int:
    """Position in the push order; types that nothing depends on come last."""
    return _RANK.get(type_url, len(_RANK))


def short(type_url: str) -> str:
    """``cds``, ``eds``, … as in Istio's metrics; ``other`` for types that have no such name."""
    return _SHORT.get(type_url) or ("debug" if type_url.startswith(DEBUG) else "other")
