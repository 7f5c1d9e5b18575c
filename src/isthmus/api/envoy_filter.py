"""EnvoyFilter: patches of the configuration that proxies get. Patch values are Envoy's, free-form here."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from isthmus.api.definition import networking
from isthmus.api.selector import TargetReferences, WorkloadSelector
from isthmus.api.wire import Groups, Int32, Labels, Struct, UInt32, Wire

ApplyTo = Literal[
    "INVALID",
    "LISTENER",
    "FILTER_CHAIN",
    "NETWORK_FILTER",
    "HTTP_FILTER",
    "ROUTE_CONFIGURATION",
    "VIRTUAL_HOST",
    "HTTP_ROUTE",
    "CLUSTER",
    "EXTENSION_CONFIG",
    "BOOTSTRAP",
    "LISTENER_FILTER",
]
PatchContext = Literal["ANY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND", "GATEWAY", "WAYPOINT"]
Operation = Literal[
    "INVALID",
    "MERGE",
    "ADD",
    "REMOVE",
    "INSERT_BEFORE",
    "INSERT_AFTER",
    "INSERT_FIRST",
    "REPLACE",
    "MERGE_AND_REPLACE_LIST",
]


class ProxyMatch(Wire, frozen=True, kw_only=True):
    """Which proxies a patch is for.

    proxyVersion: An expression for the proxy's version.
    metadata: Node metadata that must be equal.
    """

    proxy_version: str = ""
    metadata: Labels = {}


class SubFilterMatch(Wire, frozen=True, kw_only=True):
    """A filter within a filter.

    name: Its name.
    """

    name: str = ""


class FilterMatch(Wire, frozen=True, kw_only=True):
    """A network filter.

    name: Its name.
    subFilter: A filter within it.
    """

    name: str = ""
    sub_filter: SubFilterMatch | None = None


class FilterChainMatch(Wire, frozen=True, kw_only=True):
    """A filter chain.

    name: Its name.
    sni: Server name of its match.
    transportProtocol: Transport protocol of its match.
    applicationProtocols: Application protocols of its match, separated by commas.
    filter: A filter of it.
    destinationPort: Destination port of its match.
    """

    name: str = ""
    sni: str = ""
    transport_protocol: str = ""
    application_protocols: str = ""
    filter: FilterMatch | None = None
    destination_port: UInt32 = 0


class ListenerMatch(Wire, frozen=True, kw_only=True):
    """A listener.

    portNumber: Its port.
    portName: Name of a gateway's port.
    filterChain: A filter chain of it.
    listenerFilter: A listener filter of it.
    name: Its name.
    """

    port_number: UInt32 = 0
    port_name: str = ""
    filter_chain: FilterChainMatch | None = None
    listener_filter: str = ""
    name: str = ""


class RouteMatch(Wire, frozen=True, kw_only=True):
    """A route.

    name: Its name.
    action: What it does.
    """

    name: str = ""
    action: Literal["ANY", "ROUTE", "REDIRECT", "DIRECT_RESPONSE"] = "ANY"


class VirtualHostMatch(Wire, frozen=True, kw_only=True):
    """A virtual host.

    name: Its name.
    domainName: A domain of it.
    route: A route of it.
    """

    name: str = ""
    domain_name: str = ""
    route: RouteMatch | None = None


class RouteConfigurationMatch(Wire, frozen=True, kw_only=True):
    """A route configuration.

    portNumber: Port of the service or gateway.
    portName: Name of a gateway's port.
    gateway: The Gateway, `namespace/name`.
    vhost: A virtual host of it.
    name: Its name.
    """

    port_number: UInt32 = 0
    port_name: str = ""
    gateway: str = ""
    vhost: VirtualHostMatch | None = None
    name: str = ""


class ClusterMatch(Wire, frozen=True, kw_only=True):
    """A cluster.

    portNumber: Port of the service.
    service: Name of the service.
    subset: Subset of the service.
    name: Its name.
    """

    port_number: UInt32 = 0
    service: str = ""
    subset: str = ""
    name: str = ""


class WaypointRouteMatch(Wire, frozen=True, kw_only=True):
    """A route of a waypoint.

    name: Its name.
    """

    name: str = ""


class WaypointMatch(Wire, frozen=True, kw_only=True):
    """A part of a waypoint's configuration.

    portNumber: Port of the service.
    filter: A filter.
    route: A route.
    """

    port_number: UInt32 = 0
    filter: FilterMatch | None = None
    route: WaypointRouteMatch | None = None


class PatchMatch(Wire, frozen=True, kw_only=True):
    """What a patch applies to.

    context: Kind of proxy and direction.
    proxy: Which proxies.
    listener: Which listener.
    routeConfiguration: Which route configuration.
    cluster: Which cluster.
    waypoint: Which part of a waypoint.
    """

    at_most_one: ClassVar[Groups] = (("listener", "routeConfiguration", "cluster", "waypoint"),)

    context: PatchContext = "ANY"
    proxy: ProxyMatch | None = None
    listener: ListenerMatch | None = None
    route_configuration: RouteConfigurationMatch | None = None
    cluster: ClusterMatch | None = None
    waypoint: WaypointMatch | None = None


class Patch(Wire, frozen=True, kw_only=True):
    """A change.

    operation: What is done.
    value: Envoy configuration to merge or add.
    filterClass: Where a filter belongs among Istio's own.
    """

    operation: Operation = "INVALID"
    value: Struct | None = None
    filter_class: Literal["UNSPECIFIED", "AUTHN", "AUTHZ", "STATS"] = "UNSPECIFIED"


class ConfigPatch(Wire, frozen=True, kw_only=True):
    """One patch.

    applyTo: Type of what is changed.
    match: What it applies to; everything of the type when not set.
    patch: The change.
    """

    apply_to: ApplyTo = "INVALID"
    match: PatchMatch | None = None
    patch: Patch | None = None


class EnvoyFilter(Wire, frozen=True, kw_only=True):
    """Patches of proxies' configuration.

    workloadSelector: Workloads that this is for; the whole namespace when not set.
    targetRefs: Gateways or services that this is for; excludes workloadSelector.
    configPatches: The patches, applied in order.
    priority: Order among objects, lowest first.
    """

    at_most_one: ClassVar[Groups] = (("workloadSelector", "targetRefs"),)

    workload_selector: WorkloadSelector | None = None
    target_refs: TargetReferences = ()
    config_patches: tuple[ConfigPatch, ...] = ()
    priority: Int32 = 0


DEFINITION = msgspec.structs.replace(
    networking("EnvoyFilter", "envoyfilters", EnvoyFilter), versions=("v1alpha3",), storage="v1alpha3"
)
