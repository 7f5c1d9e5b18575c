"""Extension providers of the mesh: named back ends that policies refer to."""

from __future__ import annotations

from typing import ClassVar

from isthmus.api.wire import Duration, Groups, Labels, Struct, UInt32, Wire

PROVIDERS = (
    "envoyExtAuthzHttp",
    "envoyExtAuthzGrpc",
    "zipkin",
    "lightstep",
    "datadog",
    "stackdriver",
    "opencensus",
    "skywalking",
    "opentelemetry",
    "prometheus",
    "envoyFileAccessLog",
    "envoyHttpAls",
    "envoyTcpAls",
    "envoyOtelAls",
    "sds",
)


class LogFormat(Wire, frozen=True, kw_only=True):
    """Format of access log lines: text with Envoy's operators, or the values of a JSON object."""

    at_most_one: ClassVar[Groups] = (("text", "labels"),)

    text: str | None = None
    labels: Struct | None = None


class FileAccessLog(Wire, frozen=True, kw_only=True):
    """Access log in a file. ``omit_empty_values`` leaves out values that are not known."""

    path: str = "/dev/stdout"
    log_format: LogFormat | None = None
    omit_empty_values: bool = False


class ExternalAuthorization(Wire, frozen=True, kw_only=True):
    """A service that decides on requests, by HTTP or gRPC."""

    service: str
    port: UInt32
    timeout: Duration | None = None
    path_prefix: str = ""
    fail_open: bool = False
    clear_route_cache: bool = False
    status_on_error: str = ""
    include_request_headers_in_check: tuple[str, ...] = ()
    include_headers_in_check: tuple[str, ...] = ()
    include_additional_headers_in_check: Labels = {}
    include_request_body_in_check: Struct | None = None
    headers_to_upstream_on_allow: tuple[str, ...] = ()
    headers_to_downstream_on_deny: tuple[str, ...] = ()
    headers_to_downstream_on_allow: tuple[str, ...] = ()


class ExtensionProvider(Wire, frozen=True, kw_only=True):
    """One provider: a name and exactly one back end. Back ends without a record are free-form."""

    exactly_one: ClassVar[Groups] = (PROVIDERS,)

    name: str
    envoy_ext_authz_http: ExternalAuthorization | None = None
    envoy_ext_authz_grpc: ExternalAuthorization | None = None
    envoy_file_access_log: FileAccessLog | None = None
    prometheus: Struct | None = None
    zipkin: Struct | None = None
    lightstep: Struct | None = None
    datadog: Struct | None = None
    stackdriver: Struct | None = None
    opencensus: Struct | None = None
    skywalking: Struct | None = None
    opentelemetry: Struct | None = None
    envoy_http_als: Struct | None = None
    envoy_tcp_als: Struct | None = None
    envoy_otel_als: Struct | None = None
    sds: Struct | None = None
