"""ALPN per HTTP request, for ports whose protocol is found on the wire.

The receiving sidecar tells HTTP from TCP by the ALPN that the sender offers. One cluster carries both for such a
port: it offers TCP's list, and HTTP requests override it through the filter state that Envoy reads for upstream
connections (https://www.envoyproxy.io/docs/envoy/latest/configuration/advanced/well_known_filter_state).
Requests of different lists never share a connection: the list is part of the connection pool's key.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from isthmus.protos import pb, to_any
from isthmus.translate.tls import ALPN_HTTP1, ALPN_HTTP2
from isthmus.translate.values import Fields

FILTER = "envoy.filters.http.set_filter_state"
_BY_VERSION = f"""%CEL(request.protocol == "HTTP/2" ? "{",".join(ALPN_HTTP2)}" : "{",".join(ALPN_HTTP1)}")%"""


@cache
def filter_slot() -> Any:
    """The HTTP filter that does nothing but give routes a place to set ALPN."""
    return pb("envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter")(
        name=FILTER, typed_config=to_any(pb("envoy.extensions.filters.http.set_filter_state.v3.Config")())
    )


@cache
def per_request(*, follows_client: bool) -> Fields:
    """Per-route configuration: the list of the client's HTTP version where that is kept, else of HTTP/1.1."""
    text = _BY_VERSION if follows_client else ",".join(ALPN_HTTP1)
    value = {
        "object_key": "envoy.network.application_protocols",
        "format_string": {"text_format_source": {"inline_string": text}},
        "shared_with_upstream": "ONCE",
    }
    config = pb("envoy.extensions.filters.http.set_filter_state.v3.Config")(on_request_headers=[value])
    return {FILTER: to_any(config)}
