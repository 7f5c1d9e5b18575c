"""A bootstrap that holds a proxy's resources, for Envoy's own validation (``--mode validate``)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from isthmus.agent.bootstrap import runtime_layer
from isthmus.derive.discovery import Discovery
from isthmus.protos import pb, to_dict
from isthmus.translate import types

KINDS = {
    "clusters": types.CLUSTER,
    "endpoints": types.ENDPOINT,
    "listeners": types.LISTENER,
    "routes": types.ROUTE,
    "virtual_hosts": types.VIRTUAL_HOST,
    "secrets": types.SECRET,
    "names": types.NAME_TABLE,
}
_MANAGER = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"


def resources(discovery: Discovery, proxy: str) -> dict[str, dict[str, Any]]:
    """Everything that a proxy is told, as protobuf JSON: kind → name → resource."""
    found = {kind: discovery.wildcard(proxy, type_url) for kind, type_url in KINDS.items()}
    return {
        kind: {name: decoded(resource.type_url, resource.body) for name, resource in sorted(of_kind.items())}
        for kind, of_kind in found.items()
    }


def decoded(type_url: str, body: bytes) -> dict[str, Any]:
    """A resource as protobuf JSON."""
    plain: dict[str, Any] = json.loads(json.dumps(to_dict(pb(type_url.partition("/")[2]).FromString(body))))
    return plain


def bootstrap(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Static listeners and clusters; load assignments, route configurations and virtual hosts are put inline, so that
    they are read.
    """
    routes = [_whole(route, found["virtual_hosts"]) for route in found["routes"].values()]
    assigned = [_assigned(cluster, found["endpoints"]) for cluster in found["clusters"].values()]
    return {
        "node": {"id": "validation", "cluster": "validation"},
        "layered_runtime": {"layers": [runtime_layer()]},
        "dynamic_resources": {
            "ads_config": {
                "api_type": "DELTA_GRPC",
                "transport_api_version": "V3",
                "grpc_services": [{"envoy_grpc": {"cluster_name": "sds-grpc"}}],
            }
        },
        "static_resources": {
            "clusters": [*assigned, _secret_service()],
            "listeners": [*found["listeners"].values(), *_route_listeners(routes)],
            "secrets": list(found["secrets"].values()),
        },
    }


def _assigned(cluster: Mapping[str, Any], endpoints: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(cluster)
    if result.get("type") == "EDS":
        del result["eds_cluster_config"]
        result |= {"type": "STATIC", "load_assignment": endpoints[cluster["name"]]}
    return result


def _whole(route: Mapping[str, Any], hosts: Mapping[str, Any]) -> dict[str, Any]:
    """A route configuration with the virtual hosts that are resources of their own."""
    result = dict(route)
    if result.pop("vhds", None):
        own = (host for name, host in hosts.items() if name.rpartition("/")[0] == route["name"])
        result["virtual_hosts"] = [*own, *route["virtual_hosts"]]
    return result


def _route_listeners(routes: Iterable[Any]) -> Iterable[dict[str, Any]]:
    for port, route in enumerate(routes, 20000):
        manager = {"@type": _MANAGER, "stat_prefix": "validation", "route_config": route, "http_filters": _FILTERS}
        yield {
            "name": f"routes {port}",
            "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
            "filter_chains": [
                {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
            ],
        }


def _any(name: str) -> dict[str, str]:
    return {"@type": f"type.googleapis.com/{name}"}


def _secret_service() -> dict[str, Any]:
    return {
        "name": "sds-grpc",
        "type": "STATIC",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                **_any("envoy.extensions.upstreams.http.v3.HttpProtocolOptions"),
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        },
        "load_assignment": {
            "cluster_name": "sds-grpc",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"pipe": {"path": "/nowhere/sds"}}}}]}],
        },
    }


_FILTERS = [
    {"name": f"envoy.filters.http.{name}", "typed_config": _any(f"envoy.extensions.filters.http.{kind}")}
    for name, kind in (
        ("set_filter_state", "set_filter_state.v3.Config"),
        ("fault", "fault.v3.HTTPFault"),
        ("cors", "cors.v3.Cors"),
        ("router", "router.v3.Router"),
    )
]
