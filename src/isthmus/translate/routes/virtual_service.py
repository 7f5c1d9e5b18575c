"""HTTP routes of a VirtualService for one kind of client, in order; the first match wins."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from isthmus.api.config import Config
from isthmus.api.http_route import HttpMatchRequest, HttpRoute
from isthmus.api.mesh_config import MeshConfig
from isthmus.api.selector import matches
from isthmus.api.virtual_service import VirtualService
from isthmus.api.wire import Labels
from isthmus.translate.routes import filters
from isthmus.translate.routes.actions import Forwarding, action
from isthmus.translate.routes.destinations import Find, resolve
from isthmus.translate.routes.headers import header_fields
from isthmus.translate.routes.matches import is_catch_all, route_match
from isthmus.translate.values import Fields

MESH = "mesh"
"""The name by which VirtualServices mean all sidecars instead of a Gateway."""


SEMANTICS = "internal.istio.io/route-semantics"
"""Annotation of VirtualServices that stand for routes of another API, whose rules differ in details."""
GATEWAY_API = "gateway"


class Client(msgspec.Struct, frozen=True):
    """Whom routes are made for."""

    gateway: str  # "mesh", or namespace/name of a Gateway
    port: int  # that the client used
    namespace: str = ""
    labels: Labels = {}


def http_routes(service: Config[VirtualService], client: Client, find: Find, mesh: MeshConfig) -> list[Fields]:
    """Envoy routes; empty when the object has no HTTP route for this client. Broken parts were removed before."""
    strict = service.annotations.get(SEMANTICS) == GATEWAY_API
    forwarding = Forwarding(
        resolve=lambda destination: resolve(destination, find, client.port),
        mesh=mesh,
        keeps_version=client.gateway == MESH,
        gateway_api=strict,
    )
    result: list[Fields] = []
    for route in service.spec.http:
        for match in _applying(service, route, client):
            result.append(_route(service, route, match, forwarding))
            if is_catch_all(match):
                return result
    return result


def for_gateway(gateways: Iterable[str], namespace: str, gateway: str) -> bool:
    """Whether a list of gateways, as an object of a namespace writes it, names this one; empty means the mesh."""
    named = tuple(gateways) or (MESH,)
    return any(name == gateway or (name != MESH and f"{namespace}/{name}" == gateway) for name in named)


def is_about_source(match: HttpMatchRequest) -> bool:
    """Whether a condition asks who the client is."""
    return bool(match.source_labels or match.source_namespace)


def _applying(service: Config[VirtualService], route: HttpRoute, client: Client) -> list[HttpMatchRequest | None]:
    if not route.match:
        return [None]
    return [match for match in route.match if _applies(service, match, client)]


def _applies(service: Config[VirtualService], match: HttpMatchRequest, client: Client) -> bool:
    if match.gateways and not for_gateway(match.gateways, service.namespace, client.gateway):
        return False
    if match.port and match.port != client.port:
        return False
    if client.gateway != MESH:
        return True
    if match.source_namespace and match.source_namespace != client.namespace:
        return False
    return matches(match.source_labels, client.labels)


def _route(
    service: Config[VirtualService], route: HttpRoute, match: HttpMatchRequest | None, forwarding: Forwarding
) -> Fields:
    done = action(route, match, forwarding)
    own = header_fields(route.headers)
    per_filter = {**done.get("typed_per_filter_config", {}), **_per_filter(route)}
    fields: Fields = {
        "match": route_match(match, by_elements=forwarding.gateway_api),
        "decorator": {"operation": _operation(service, route, forwarding)},
    }
    if name := _name(route, match):
        fields["name"] = name
    fields |= done | {key: [*own.get(key, ()), *done.get(key, ())] for key in own}
    if per_filter:
        fields["typed_per_filter_config"] = per_filter
    path = f"/apis/networking.istio.io/v1/namespaces/{service.namespace}/virtual-service/{service.name}"
    fields["metadata"] = {"filter_metadata": {"istio": filters.metadata(path)}}
    if match is not None and match.stat_prefix:
        fields["stat_prefix"] = match.stat_prefix
    return fields


def _per_filter(route: HttpRoute) -> Fields:
    fields: Fields = {}
    if route.fault is not None:
        fields[filters.FAULT] = filters.fault(route.fault)
    if route.cors_policy is not None:
        fields[filters.CORS] = filters.cors(route.cors_policy)
    return fields


def _name(route: HttpRoute, match: HttpMatchRequest | None) -> str:
    suffix = match.name if match else ""
    return f"{route.name}.{suffix}" if route.name and suffix else route.name or suffix


def _operation(service: Config[VirtualService], route: HttpRoute, forwarding: Forwarding) -> str:
    if not route.route:
        return f"{service.name}:{service.namespace}/*"
    first = forwarding.resolve(route.route[0].destination)
    return f"{first.hostname}:{first.port}/*"
