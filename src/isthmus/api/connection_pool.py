"""Connections to a service: limits, keep-alive, and when endpoints are set aside."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from isthmus.api.wire import Duration, Int32, UInt32, Wire

H2UpgradePolicy = Literal["DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"]


class TcpKeepalive(Wire, frozen=True, kw_only=True):
    """TCP keep-alive.

    probes: Probes without an answer before the connection is dead.
    time: Idle time before probes.
    interval: Time between probes.
    """

    probes: UInt32 = 0
    time: Duration | None = None
    interval: Duration | None = None


class TcpSettings(Wire, frozen=True, kw_only=True):
    """Limits of TCP and HTTP connections.

    maxConnections: Most connections to the service.
    connectTimeout: Time to connect.
    tcpKeepalive: TCP keep-alive.
    maxConnectionDuration: Longest life of a connection.
    idleTimeout: Longest time without bytes; one hour when not set, none when 0s.
    """

    max_connections: Int32 = 0
    connect_timeout: Duration | None = None
    tcp_keepalive: TcpKeepalive | None = None
    max_connection_duration: Duration | None = None
    idle_timeout: Duration | None = None


class Http2KeepAlive(Wire, frozen=True, kw_only=True):
    """PING frames.

    interval: Time between frames; required.
    timeout: Time for an answer before the connection is closed; required.
    """

    interval: Duration | None = None
    timeout: Duration | None = None


class HttpSettings(Wire, frozen=True, kw_only=True):
    """Limits of HTTP.

    http1MaxPendingRequests: Most requests that wait for a connection.
    http2MaxRequests: Most active requests.
    maxRequestsPerConnection: Requests before a connection is closed; 1 turns keep-alive off.
    maxRetries: Most retries at a time.
    idleTimeout: Longest time without a request.
    h2UpgradePolicy: Whether HTTP/1.1 becomes HTTP/2 towards the service.
    useClientProtocol: Keep the client's protocol.
    maxConcurrentStreams: Most streams on an HTTP/2 connection.
    http2KeepAlive: PING frames on HTTP/2 connections.
    """

    http1_max_pending_requests: Int32 = 0
    http2_max_requests: Int32 = 0
    max_requests_per_connection: Int32 = 0
    max_retries: Int32 = 0
    idle_timeout: Duration | None = None
    h2_upgrade_policy: H2UpgradePolicy = "DEFAULT"
    use_client_protocol: bool = False
    max_concurrent_streams: Int32 = 0
    http2_keep_alive: Http2KeepAlive | None = None


class ConnectionPoolSettings(Wire, frozen=True, kw_only=True):
    """Limits of connections.

    tcp: For TCP and HTTP.
    http: For HTTP.
    """

    tcp: TcpSettings | None = None
    http: HttpSettings | None = None


class OutlierDetection(Wire, frozen=True, kw_only=True):
    """When endpoints are set aside. It also switches locality failover on.

    consecutiveErrors: Use consecutive5xxErrors.
    splitExternalLocalOriginErrors: Count errors of this side apart.
    consecutiveLocalOriginFailures: Errors of this side in a row; 5 when not set.
    consecutiveGatewayErrors: Answers 502, 503, 504 in a row; 0 turns it off.
    consecutive5xxErrors: Answers 5xx in a row; 5 when not set, 0 turns it off.
    interval: Time between checks; 10s when not set.
    baseEjectionTime: Least time aside; 30s when not set.
    maxEjectionPercent: Most endpoints aside, in percent; 10 when not set.
    minHealthPercent: Below this share of healthy endpoints all are used; 0 turns it off.
    outlierDetectionHttpErrorCodes: Status codes that count as errors; all 5xx when empty.
    """

    consecutive_errors: Int32 = 0
    split_external_local_origin_errors: bool = False
    consecutive_local_origin_failures: UInt32 | None = None
    consecutive_gateway_errors: UInt32 | None = None
    consecutive_5xx_errors: UInt32 | None = field(name="consecutive5xxErrors", default=None)
    interval: Duration | None = None
    base_ejection_time: Duration | None = None
    max_ejection_percent: Int32 = 0
    min_health_percent: Int32 = 0
    outlier_detection_http_error_codes: tuple[Annotated[int, Meta(ge=100, le=599)], ...] = ()
