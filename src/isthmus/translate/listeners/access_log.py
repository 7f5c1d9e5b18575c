"""Access logs: to a file or standard output, as text or JSON; formats are Istio's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from isthmus.api.mesh_config import MeshConfig
from isthmus.protos import pb, to_any
from isthmus.translate.encoding import struct
from isthmus.translate.values import Fields

TEXT = (
    '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% '
    "%RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "
    '"%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% '
    '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" '
    '"%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% '
    "%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n"
)
JSON: Mapping[str, str] = {
    "start_time": "%START_TIME%",
    "route_name": "%ROUTE_NAME%",
    "method": "%REQ(:METHOD)%",
    "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
    "protocol": "%PROTOCOL%",
    "response_code": "%RESPONSE_CODE%",
    "response_flags": "%RESPONSE_FLAGS%",
    "response_code_details": "%RESPONSE_CODE_DETAILS%",
    "connection_termination_details": "%CONNECTION_TERMINATION_DETAILS%",
    "bytes_received": "%BYTES_RECEIVED%",
    "bytes_sent": "%BYTES_SENT%",
    "duration": "%DURATION%",
    "upstream_service_time": "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
    "x_forwarded_for": "%REQ(X-FORWARDED-FOR)%",
    "user_agent": "%REQ(USER-AGENT)%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "authority": "%REQ(:AUTHORITY)%",
    "upstream_host": "%UPSTREAM_HOST%",
    "upstream_cluster": "%UPSTREAM_CLUSTER_RAW%",
    "upstream_local_address": "%UPSTREAM_LOCAL_ADDRESS%",
    "downstream_local_address": "%DOWNSTREAM_LOCAL_ADDRESS%",
    "downstream_remote_address": "%DOWNSTREAM_REMOTE_ADDRESS%",
    "requested_server_name": "%REQUESTED_SERVER_NAME%",
    "upstream_transport_failure_reason": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
}
_NAME = "envoy.access_loggers.file"


def access_logs(mesh: MeshConfig) -> tuple[Any, ...]:
    """The logs of connections and requests; none when the mesh does not ask for them."""
    if not mesh.access_log_file:
        return ()
    return (_file(mesh.access_log_file, mesh.access_log_encoding, mesh.access_log_format, unrouted_only=False),)


def listener_logs(mesh: MeshConfig) -> tuple[Any, ...]:
    """A listener's own logs: connections that no filter chain takes (flag NR)."""
    if not mesh.access_log_file or mesh.disable_envoy_listener_log:
        return ()
    return (_file(mesh.access_log_file, mesh.access_log_encoding, mesh.access_log_format, unrouted_only=True),)


def json_format(text: str) -> Mapping[str, Any] | None:
    """A JSON log format as users write it; None when it is not a JSON object."""
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError:
        return None


@lru_cache(maxsize=32)
def _file(path: str, encoding: str, text: str, *, unrouted_only: bool) -> Any:
    config = pb("envoy.extensions.access_loggers.file.v3.FileAccessLog")(
        path=path, log_format=_json(text) if encoding == "JSON" else _text(text)
    )
    fields: Fields = {"name": _NAME, "typed_config": to_any(config)}
    if unrouted_only:
        fields["filter"] = {"response_flag_filter": {"flags": ["NR"]}}
    return pb("envoy.config.accesslog.v3.AccessLog")(**fields)


def _text(text: str) -> Fields:
    line = text or TEXT
    return {"text_format_source": {"inline_string": line if line.endswith("\n") else f"{line}\n"}}


def _json(text: str) -> Fields:
    return {"json_format": struct(json_format(text) or JSON)}
