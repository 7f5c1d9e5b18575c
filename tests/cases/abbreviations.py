"""Short forms for parts that stand in every other resource, so that goldens show what a case is about.

Each part is spelled out in ``tests/unit/translate/test_usual_parts.py``.
"""

from __future__ import annotations

import json
from typing import Any

ADS = {"ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3"}
AGENT = {
    "api_config_source": {
        "api_type": "GRPC",
        "grpc_services": [{"envoy_grpc": {"cluster_name": "sds-grpc"}}],
        "set_node_on_first_message_only": True,
        "transport_api_version": "V3",
    },
    "initial_fetch_timeout": "0s",
    "resource_api_version": "V3",
}
_MAX = 4294967295
UNLIMITED = {
    "thresholds": [
        {"max_connections": _MAX, "max_pending_requests": _MAX, "max_requests": _MAX, "max_retries": _MAX},
    ]
}
RETRIES = {
    "host_selection_retry_max_attempts": "5",
    "num_retries": 2,
    "retry_host_predicate": [
        {
            "name": "envoy.retry_host_predicates.previous_hosts",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
            },
        }
    ],
    "retry_on": "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes",
}
UNTIMED = {"grpc_timeout_header_max": "0s"}
_SHORT = {
    json.dumps(part, sort_keys=True): short
    for part, short in (
        (ADS, "(ads)"),
        (AGENT, "(agent)"),
        (UNLIMITED, "(no limits)"),
        (RETRIES, "(usual retries)"),
        (UNTIMED, "(client's deadline)"),
    )
}
_PREFIX = "type.googleapis.com/"


def abbreviated(value: Any) -> Any:
    """A resource as plain YAML values, with short forms."""
    if isinstance(value, dict):
        short = _SHORT.get(json.dumps(value, sort_keys=True))
        if short is not None:
            return short
        return {name: _field(name, inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [abbreviated(inner) for inner in value]
    return value


def _field(name: str, value: Any) -> Any:
    if name == "@type":
        return value.removeprefix(_PREFIX)
    if name == "transport_socket" and (short := _mesh_tls(value)):
        return short
    if name == "transport_socket_matches" and [one["name"] for one in value] == ["tlsMode-istio", "tlsMode-disabled"]:
        return {"where taken": _mesh_tls(value[0]["transport_socket"])}
    if name in ("http_filters", "listener_filters"):
        return [_filter(one) for one in value]
    return abbreviated(value)


def _mesh_tls(socket: dict[str, Any]) -> Any:
    """Mesh mTLS in short; None for other sockets."""
    context = socket.get("typed_config", {})
    common = context.get("common_tls_context", {})
    if [one["name"] for one in common.get("tls_certificate_sds_secret_configs", [])] != ["default"]:
        return None
    alpn = " ".join(common["alpn_protocols"])
    if context["@type"].endswith("DownstreamTlsContext"):
        return f"(mesh mTLS, takes {alpn})"
    names = common["combined_validation_context"]["default_validation_context"]
    peers = [name["matcher"]["exact"] for name in names.get("match_typed_subject_alt_names", [])]
    return {"mesh mTLS": {"sni": context["sni"], "peers": peers, "offers": alpn}}


def _filter(value: dict[str, Any]) -> Any:
    extra = {name: abbreviated(inner) for name, inner in value.items() if name not in ("name", "typed_config")}
    return {"name": value["name"], **extra} if extra else value["name"]
