"""Envoy's bootstrap: settings in, configuration out.

Knows: Envoy's bootstrap API and what Istio's users expect of a proxy (ports, node metadata, statistics).
Does not know files or processes: ``bootstrap_files`` says which files it refers to and what is in them.

Envoy subscribes to the control plane itself. Its credentials are files that rotate: the root is a secret
read from a watched directory, the token is put on the request by the ``credential_injector`` filter.
"""

from __future__ import annotations

from typing import Any

from isthmus.agent import bootstrap_clusters, bootstrap_listeners, bootstrap_stats
from isthmus.agent.node import node
from isthmus.agent.settings import Settings


def bootstrap(settings: Settings) -> dict[str, Any]:
    """The whole bootstrap as protobuf JSON."""
    return {
        "node": node(settings),
        "admin": _admin(settings),
        "layered_runtime": {"layers": [runtime_layer(), {"name": "admin", "admin_layer": {}}]},
        "bootstrap_extensions": [
            {
                "name": "envoy.bootstrap.internal_listener",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener"
                },
            }
        ],
        "overload_manager": _overload_manager(),
        "stats_config": bootstrap_stats.stats_config(settings),
        "dynamic_resources": _dynamic_resources(settings),
        "static_resources": {
            "clusters": bootstrap_clusters.clusters(settings),
            "listeners": bootstrap_listeners.listeners(settings),
        },
    }


def _admin(settings: Settings) -> dict[str, Any]:
    return {"address": bootstrap_clusters.socket_address("127.0.0.1", settings.ports.admin)}


def runtime_layer() -> dict[str, Any]:
    """Limits that a mesh's own generated configuration may exceed."""
    return {"name": "mesh", "static_layer": {"re2.max_program_size.error_level": "32768"}}


def _overload_manager() -> dict[str, Any]:
    """No limit on connections: a sidecar must not refuse what its application would have accepted."""
    config = {
        "@type": "type.googleapis.com/"
        "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
        "max_active_downstream_connections": "2147483645",
    }
    name = "envoy.resource_monitors.global_downstream_max_connections"
    return {"resource_monitors": [{"name": name, "typed_config": config}]}


def _dynamic_resources(settings: Settings) -> dict[str, Any]:
    # No fetch timeout: a proxy without configuration must not become ready.
    from_ads = {"ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3"}
    return {"lds_config": from_ads, "cds_config": from_ads, "ads_config": _ads(settings)}


def _ads(settings: Settings) -> dict[str, Any]:
    headers = [{"key": key, "value": value} for key, value in sorted(settings.discovery.headers.items())]
    # Envoy's own back-off grows to 30 s: a control plane that is back would go unnoticed that long.
    back_off = {"base_interval": "0.1s", "max_interval": "2s"}
    service = {
        "envoy_grpc": {
            "cluster_name": bootstrap_clusters.DISCOVERY_CLUSTER,
            # A gateway in front of the control plane routes by it; left out, it would be the cluster's name.
            "authority": str(settings.discovery.address),
            "retry_policy": {"retry_back_off": back_off},
        },
        "initial_metadata": headers,
    }
    return {
        "api_type": "DELTA_GRPC" if settings.delta else "GRPC",
        "transport_api_version": "V3",
        "set_node_on_first_message_only": True,
        "grpc_services": [service],
    }
