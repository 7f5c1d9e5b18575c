"""DestinationRule: what happens to traffic for a service after routing.

Load balancing and connection settings are in ``load_balancing`` and ``connection_pool``.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from isthmus.api.connection_pool import ConnectionPoolSettings, OutlierDetection
from isthmus.api.definition import AGE, Column, networking
from isthmus.api.destination import PortSelector
from isthmus.api.load_balancing import LoadBalancerSettings
from isthmus.api.selector import LabelSelector
from isthmus.api.tls import ClientTlsSettings
from isthmus.api.wire import Duration, Labels, UInt32, Wire


class PortTrafficPolicy(Wire, frozen=True, kw_only=True):
    """Settings of one port; they replace the service's as a whole, field by field.

    port: The service's port.
    loadBalancer: How endpoints are chosen.
    connectionPool: Limits of connections.
    outlierDetection: When endpoints are set aside.
    tls: How connections are secured.
    """

    port: PortSelector | None = None
    load_balancer: LoadBalancerSettings | None = None
    connection_pool: ConnectionPoolSettings | None = None
    outlier_detection: OutlierDetection | None = None
    tls: ClientTlsSettings | None = None


class TunnelSettings(Wire, frozen=True, kw_only=True):
    """TCP through an HTTP proxy.

    protocol: CONNECT or POST; CONNECT when empty.
    targetHost: Host to ask the proxy for.
    targetPort: Port to ask the proxy for.
    """

    protocol: str = ""
    target_host: str
    target_port: UInt32


class ProxyProtocol(Wire, frozen=True, kw_only=True):
    """PROXY protocol header sent to the service.

    version: Version of the header.
    """

    version: Literal["V1", "V2"] = "V1"


class RetryBudget(Wire, frozen=True, kw_only=True):
    """Limit of concurrent retries.

    percent: Share of active requests that may be retries.
    minRetryConcurrency: Retries that are always allowed.
    budgetInterval: How long a request counts; only active and pending ones when not set.
    """

    percent: Annotated[float, Meta(ge=0, le=100)] | None = None
    min_retry_concurrency: UInt32 = 0
    budget_interval: Duration | None = None


class TrafficPolicy(Wire, frozen=True, kw_only=True):
    """Settings of a service or subset.

    loadBalancer: How endpoints are chosen.
    connectionPool: Limits of connections.
    outlierDetection: When endpoints are set aside.
    tls: How connections are secured.
    portLevelSettings: Settings of single ports.
    tunnel: TCP through an HTTP proxy.
    proxyProtocol: PROXY protocol header.
    retryBudget: Limit of concurrent retries.
    """

    load_balancer: LoadBalancerSettings | None = None
    connection_pool: ConnectionPoolSettings | None = None
    outlier_detection: OutlierDetection | None = None
    tls: ClientTlsSettings | None = None
    port_level_settings: Annotated[tuple[PortTrafficPolicy, ...], Meta(max_length=4096)] = ()
    tunnel: TunnelSettings | None = None
    proxy_protocol: ProxyProtocol | None = None
    retry_budget: RetryBudget | None = None


class Subset(Wire, frozen=True, kw_only=True):
    """A named part of a service's endpoints.

    name: Name used by routes.
    labels: Labels of the endpoints.
    trafficPolicy: Settings that replace the service's.
    """

    name: str
    labels: Labels = {}
    traffic_policy: TrafficPolicy | None = None


class DestinationRule(Wire, frozen=True, kw_only=True):
    """Policies for traffic to a service.

    host: Name of the service; a short name is completed with the object's own namespace.
    trafficPolicy: Settings for all endpoints.
    subsets: Named parts of the service.
    exportTo: Namespaces that see this object; `.` is the own one, `*` all.
    workloadSelector: Clients that this object is for; all when not set.
    """

    host: str
    traffic_policy: TrafficPolicy | None = None
    subsets: tuple[Subset, ...] = ()
    export_to: tuple[str, ...] = ()
    workload_selector: LabelSelector | None = None


DEFINITION = msgspec.structs.replace(
    networking("DestinationRule", "destinationrules", DestinationRule, ("dr",)),
    columns=(Column(name="Host", path=".spec.host", description="The service."), AGE),
)
