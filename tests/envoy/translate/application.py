"""The application behind the server's proxy: an Envoy that tells what it was asked, on one port per protocol."""

from __future__ import annotations

from typing import Any

_MANAGER = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
_SEEN = "%PROTOCOL% %REQ(x-forwarded-client-cert)%\n"


def application(address: str, ports: tuple[int, ...]) -> dict[str, Any]:
    """Answers every request with the HTTP version and the client certificate that it came with."""
    return {"static_resources": {"listeners": [_listener(address, port) for port in ports]}}


def _listener(address: str, port: int) -> dict[str, Any]:
    answer = {"status": 200, "body_format": {"text_format_source": {"inline_string": _SEEN}}}
    route = {"match": {"prefix": "/"}, "direct_response": answer}
    manager = {
        "@type": _MANAGER,
        "stat_prefix": "application",
        "forward_client_cert_details": "ALWAYS_FORWARD_ONLY",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": [{"name": "router", "typed_config": {"@type": _ROUTER}}],
    }
    return {
        "name": f"port {port}",
        "address": {"socket_address": {"address": address, "port_value": port}},
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }
