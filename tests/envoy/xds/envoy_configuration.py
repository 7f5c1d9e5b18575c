"""What Envoys are told in these tests: bootstraps and resources of the least that carries a request."""

from __future__ import annotations

from typing import Any

from isthmus.protos import pb, to_any


def bootstrap(port: int, variant: str, cluster: dict[str, Any] | None = None) -> dict[str, Any]:
    """Of a sidecar whose only source of configuration is ADS on this port."""
    service = {"envoy_grpc": {"cluster_name": "xds-grpc"}}
    return {
        "node": {
            "id": "sidecar~127.0.0.1~web.shop~shop.svc.cluster.local",
            "cluster": "web.shop",
            "metadata": {"NAMESPACE": "shop", "CLUSTER_ID": "cluster1", "PROXY_CONFIG": {}, "ISTIO_VERSION": "1.32.0"},
        },
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}},
        "dynamic_resources": {
            "ads_config": {"api_type": variant, "transport_api_version": "V3", "grpc_services": [service]},
            "cds_config": {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"},
            "lds_config": {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"},
        },
        "static_resources": {"clusters": [xds_cluster(port) | (cluster or {})]},
    }


def xds_cluster(port: int) -> dict[str, Any]:
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    h2 = {"explicit_http_config": {"http2_protocol_options": {}}}
    options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    return {
        "name": "xds-grpc",
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": "xds-grpc",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
        "typed_extension_protocol_options": {options: {"@type": f"type.googleapis.com/{options}"} | h2},
    }


def listener(port: int, route: str) -> Any:
    manager = pb("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager")(
        stat_prefix="test",
        rds={"route_config_name": route, "config_source": {"ads": {}, "resource_api_version": "V3"}},
        http_filters=[
            {"name": "router", "typed_config": to_any(pb("envoy.extensions.filters.http.router.v3.Router")())}
        ],
    )
    return pb("envoy.config.listener.v3.Listener")(
        name=f"listener-{port}",
        address={"socket_address": {"address": "127.0.0.1", "port_value": port}},
        filter_chains=[{"filters": [{"name": "http", "typed_config": to_any(manager)}]}],
    )


def route(name: str, cluster: str) -> Any:
    return pb("envoy.config.route.v3.RouteConfiguration")(
        name=name,
        virtual_hosts=[
            {"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": cluster}}]}
        ],
    )


def piecewise(name: str) -> Any:
    """A route configuration whose virtual hosts are resources of their own; what is for none of them gets a 418."""
    return pb("envoy.config.route.v3.RouteConfiguration")(
        name=name,
        virtual_hosts=[
            {
                "name": "none",
                "domains": ["*"],
                "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 418}}],
            }
        ],
        ignore_port_in_host_matching=True,
        vhds={"config_source": {"ads": {}, "resource_api_version": "V3"}},
    )


def virtual_host(name: str, cluster: str, *domains: str, mark: str = "") -> Any:
    """Of the route configuration that its name begins with; ``mark`` is a header of its answers."""
    headers = [{"header": {"key": "x-mark", "value": mark}}] if mark else []
    return pb("envoy.config.route.v3.VirtualHost")(
        name=name,
        domains=domains or [name.rpartition("/")[2]],
        routes=[{"match": {"prefix": "/"}, "route": {"cluster": cluster}, "response_headers_to_add": headers}],
    )


def cluster(name: str, seconds: int = 5) -> Any:
    result = pb("envoy.config.cluster.v3.Cluster")(
        name=name,
        type="EDS",
        eds_cluster_config={
            "eds_config": {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": {"seconds": 0}}
        },
    )
    result.connect_timeout.seconds = seconds
    return result


def endpoints(name: str, *ports: int) -> Any:
    return pb("envoy.config.endpoint.v3.ClusterLoadAssignment")(
        cluster_name=name,
        endpoints=[
            {
                "lb_endpoints": [
                    {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}}
                    for port in ports
                ]
            }
        ],
    )
