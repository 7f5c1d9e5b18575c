"""HTTP connection managers: how HTTP is read, which filters requests pass, and where their routes come from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from isthmus.api.mesh_config import MeshConfig
from isthmus.model.service import Protocol
from isthmus.protos import pb, to_any
from isthmus.translate import alpn, names
from isthmus.translate.listeners.access_log import access_logs
from isthmus.translate.values import ADS, Fields

NAME = "envoy.filters.network.http_connection_manager"
_HCM = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
Filters = tuple[Any, ...]
_FORWARDED = {"subject": {"value": True}, "uri": True, "dns": True}
_NORMALIZATION: Mapping[str, Mapping[str, Any]] = {
    "NONE": {"normalize_path": {"value": False}},
    "BASE": {"normalize_path": {"value": True}},
    "DEFAULT": {"normalize_path": {"value": True}},
    "MERGE_SLASHES": {"normalize_path": {"value": True}, "merge_slashes": True},
    "DECODE_AND_MERGE_SLASHES": {
        "normalize_path": {"value": True},
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "UNESCAPE_AND_FORWARD",
    },
}


def outbound(route: str, stat_prefix: str, mesh: MeshConfig, protocol: Protocol, *, http10: bool = False) -> Any:
    """Requests from the application; ``route`` names a route configuration that comes over ADS."""
    return _filter(
        {
            **_shared(stat_prefix, mesh, http10=http10),
            "rds": {"config_source": ADS, "route_config_name": route},
            "http_filters": filters(protocol, outbound=True),
            "use_remote_address": {"value": False},
        }
    )


def inbound(
    route: Any, stat_prefix: str, mesh: MeshConfig, protocol: Protocol, *, http10: bool = False, first: Filters = ()
) -> Any:
    """Requests to the application, with their routes inline. The client's certificate is passed on in a header.

    ``first`` are filters that requests pass before all others.
    """
    return _filter(
        {
            **_shared(stat_prefix, mesh, http10=http10),
            "route_config": route,
            "http_filters": (*first, *filters(protocol, outbound=False)),
            "use_remote_address": {"value": False},
            "server_name": "istio-envoy",
            "forward_client_cert_details": "APPEND_FORWARD",
            "set_current_client_cert_details": _FORWARDED,
        }
    )


def gateway(
    route: str, stat_prefix: str, mesh: MeshConfig, protocol: Protocol, *, http10: bool = False, first: Filters = ()
) -> Any:
    """Requests from outside: nothing that they say about their origin is believed."""
    return _filter(
        {
            **_shared(stat_prefix, mesh, http10=http10),
            "rds": {"config_source": ADS, "route_config_name": route},
            "http_filters": (*first, *filters(protocol, outbound=True)),
            "use_remote_address": {"value": True},
            "server_name": "istio-envoy",
            "forward_client_cert_details": "SANITIZE_SET",
            "set_current_client_cert_details": {**_FORWARDED, "cert": True},
        }
    )


def filters(protocol: Protocol, *, outbound: bool) -> tuple[Any, ...]:
    """The HTTP filters, in order. Faults and ALPN are a client's matter."""
    web = (_grpc_web(),) if protocol is Protocol.GRPC_WEB else ()
    client = (alpn.filter_slot(), _fault()) if outbound else ()
    return (*web, _grpc_stats(), *client, _cors(), _router())


def _shared(stat_prefix: str, mesh: MeshConfig, *, http10: bool) -> Fields:
    fields: Fields = {
        "stat_prefix": names.stat_name(stat_prefix),
        "access_log": access_logs(mesh),
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "stream_idle_timeout": {},
        "codec_type": "AUTO",
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        **_NORMALIZATION[_normalization(mesh)],
    }
    if http10:
        fields["http_protocol_options"] = {"accept_http_10": True}
    return fields


def _normalization(mesh: MeshConfig) -> str:
    wanted = str((mesh.path_normalization or {}).get("normalization", "DEFAULT"))
    return wanted if wanted in _NORMALIZATION else "DEFAULT"


def _filter(fields: Mapping[str, Any]) -> Any:
    return pb("envoy.config.listener.v3.Filter")(name=NAME, typed_config=to_any(pb(_HCM)(**fields)))


def _http_filter(name: str, config: Any) -> Any:
    return pb("envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter")(
        name=name, typed_config=to_any(config)
    )


@cache
def _grpc_stats() -> Any:
    config = pb("envoy.extensions.filters.http.grpc_stats.v3.FilterConfig")(
        emit_filter_state=True, stats_for_all_methods={"value": False}
    )
    return _http_filter("envoy.filters.http.grpc_stats", config)


@cache
def _grpc_web() -> Any:
    return _http_filter("envoy.filters.http.grpc_web", pb("envoy.extensions.filters.http.grpc_web.v3.GrpcWeb")())


@cache
def _fault() -> Any:
    return _http_filter("envoy.filters.http.fault", pb("envoy.extensions.filters.http.fault.v3.HTTPFault")())


@cache
def _cors() -> Any:
    return _http_filter("envoy.filters.http.cors", pb("envoy.extensions.filters.http.cors.v3.Cors")())


@cache
def _router() -> Any:
    return _http_filter("envoy.filters.http.router", pb("envoy.extensions.filters.http.router.v3.Router")())
