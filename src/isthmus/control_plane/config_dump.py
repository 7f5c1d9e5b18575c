"""A proxy's configuration as the control plane would send it now, in the form of Envoy's own ``/config_dump``.

Private keys are never in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from isthmus.derive.discovery import Discovery
from isthmus.model.resource import Resource, is_piecewise
from isthmus.protos import pb, to_any, to_dict
from isthmus.translate.encoding import repeated
from isthmus.translate.routes.configuration import VIRTUAL_HOSTS_FIELD

_TYPE = "type.googleapis.com/envoy."
_CLUSTERS = f"{_TYPE}config.cluster.v3.Cluster"
_ENDPOINTS = f"{_TYPE}config.endpoint.v3.ClusterLoadAssignment"
_LISTENERS = f"{_TYPE}config.listener.v3.Listener"
_ROUTES = f"{_TYPE}config.route.v3.RouteConfiguration"
_VIRTUAL_HOSTS = f"{_TYPE}config.route.v3.VirtualHost"
_SECRETS = f"{_TYPE}extensions.transport_sockets.tls.v3.Secret"
_REDACTED = b"[redacted]"


def sections(discovery: Discovery, proxy: str) -> dict[str, Any]:
    """``envoy.admin.v3`` messages by a short name, in the order of Envoy's dump."""

    def resources(type_url: str) -> list[Resource]:
        return [resource for _, resource in sorted(discovery.wildcard(proxy, type_url).items())]

    routes = list(_with_virtual_hosts(resources(_ROUTES), resources(_VIRTUAL_HOSTS)))
    return {
        "bootstrap": pb("envoy.admin.v3.BootstrapConfigDump")(),
        "clusters": _dump("ClustersConfigDump", "dynamic_active_clusters", "cluster", resources(_CLUSTERS)),
        "endpoints": _dump("EndpointsConfigDump", "dynamic_endpoint_configs", "endpoint_config", resources(_ENDPOINTS)),
        "listeners": _listeners(resources(_LISTENERS)),
        "scoped_routes": pb("envoy.admin.v3.ScopedRoutesConfigDump")(),
        "routes": _dump("RoutesConfigDump", "dynamic_route_configs", "route_config", routes),
        "secrets": _dump("SecretsConfigDump", "dynamic_active_secrets", "secret", map(_redacted, resources(_SECRETS))),
    }


def config_dump(discovery: Discovery, proxy: str, wanted: frozenset[str]) -> dict[str, Any]:
    """The JSON of ``/debug/config_dump``; ``wanted`` limits it to some sections when it is not empty."""
    found = sections(discovery, proxy)
    dump = pb("envoy.admin.v3.ConfigDump")(
        configs=[to_any(section) for name, section in found.items() if not wanted or name in wanted]
    )
    return to_dict(dump)


def _with_virtual_hosts(routes: Iterable[Resource], hosts: Iterable[Resource]) -> Iterator[Resource]:
    """Route configurations as Envoy shows them: virtual hosts that were sent one by one follow, by name."""
    of_routes: dict[str, list[bytes]] = {}
    for host in hosts:
        of_routes.setdefault(host.name.rpartition("/")[0], []).append(host.body)
    for one in routes:
        added = of_routes.get(one.name, ()) if is_piecewise(one.version) else ()
        yield msgspec.structs.replace(one, body=one.body + repeated(VIRTUAL_HOSTS_FIELD, added))


def _dump(message: str, field: str, inner: str, resources: Iterable[Resource]) -> Any:
    return pb(f"envoy.admin.v3.{message}")(**{field: [_entry(inner, resource) for resource in resources]})


def _entry(inner: str, resource: Resource) -> Mapping[str, Any]:
    entry: dict[str, Any] = {"version_info": resource.version, inner: _any(resource)}
    if inner == "secret":
        entry["name"] = resource.name
    return entry


def _listeners(resources: Iterable[Resource]) -> Any:
    return pb("envoy.admin.v3.ListenersConfigDump")(
        dynamic_listeners=[
            {"name": resource.name, "active_state": {"version_info": resource.version, "listener": _any(resource)}}
            for resource in resources
        ]
    )


def _any(resource: Resource) -> Any:
    return pb("google.protobuf.Any")(type_url=resource.type_url, value=resource.body)


def _redacted(resource: Resource) -> Resource:
    secret = pb("envoy.extensions.transport_sockets.tls.v3.Secret").FromString(resource.body)
    if secret.HasField("tls_certificate"):
        secret.tls_certificate.private_key.inline_bytes = _REDACTED
    return Resource(resource.name, resource.type_url, secret.SerializeToString(deterministic=True), resource.version)
