"""Rules of connection pools, outlier detection and load balancing (DestinationRule, Sidecar)."""

from __future__ import annotations

from isthmus.api.config import Problem
from isthmus.api.connection_pool import ConnectionPoolSettings, OutlierDetection
from isthmus.api.load_balancing import ConsistentHash, LoadBalancerSettings, LocalityLbSetting
from isthmus.validation.findings import Findings, duration, not_negative, percent, warning


def connection_pool(path: str, pool: ConnectionPoolSettings) -> Findings:
    """Limits and times of connections."""
    if pool.tcp is None and pool.http is None:
        yield Problem(path, "set tcp or http, or leave it out")
    if tcp := pool.tcp:
        yield from not_negative(f"{path}.tcp", {"maxConnections": tcp.max_connections})
        yield from duration(f"{path}.tcp.connectTimeout", tcp.connect_timeout)
        yield from duration(f"{path}.tcp.maxConnectionDuration", tcp.max_connection_duration)
        yield from duration(f"{path}.tcp.idleTimeout", tcp.idle_timeout, least=0)
    if http := pool.http:
        numbers = {
            "http1MaxPendingRequests": http.http1_max_pending_requests,
            "http2MaxRequests": http.http2_max_requests,
            "maxRequestsPerConnection": http.max_requests_per_connection,
            "maxRetries": http.max_retries,
            "maxConcurrentStreams": http.max_concurrent_streams,
        }
        yield from not_negative(f"{path}.http", numbers)
        yield from duration(f"{path}.http.idleTimeout", http.idle_timeout, least=0)
        if (ping := http.http2_keep_alive) and not (ping.interval and ping.timeout):
            yield Problem(f"{path}.http.http2KeepAlive", "set interval and timeout")
        if http.h2_upgrade_policy == "UPGRADE" and http.use_client_protocol:
            yield Problem(f"{path}.http", "useClientProtocol and h2UpgradePolicy UPGRADE exclude each other")


def outlier_detection(path: str, outlier: OutlierDetection) -> Findings:
    """Times and shares of outlier detection."""
    yield from duration(f"{path}.interval", outlier.interval)
    yield from duration(f"{path}.baseEjectionTime", outlier.base_ejection_time)
    yield from percent(f"{path}.maxEjectionPercent", outlier.max_ejection_percent)
    yield from percent(f"{path}.minHealthPercent", outlier.min_health_percent)
    if outlier.consecutive_errors:
        yield warning(f"{path}.consecutiveErrors", "is deprecated and has no effect; use consecutive5xxErrors")
    if outlier.consecutive_local_origin_failures and not outlier.split_external_local_origin_errors:
        cure = "has an effect with splitExternalLocalOriginErrors: true only"
        yield warning(f"{path}.consecutiveLocalOriginFailures", cure)


def load_balancer(path: str, settings: LoadBalancerSettings) -> Findings:
    """Rules of load balancing."""
    if settings.consistent_hash:
        yield from _consistent_hash(f"{path}.consistentHash", settings.consistent_hash)
    if settings.locality_lb_setting:
        yield from _locality(f"{path}.localityLbSetting", settings.locality_lb_setting)
    if settings.warmup and settings.warmup.aggression is not None and settings.warmup.aggression <= 0:
        yield Problem(f"{path}.warmup.aggression", "must be above 0; 1.0 is a linear increase")
    if settings.simple == "LEAST_CONN":
        yield warning(f"{path}.simple", "LEAST_CONN is deprecated; use LEAST_REQUEST")


def _consistent_hash(path: str, hashing: ConsistentHash) -> Findings:
    keys = (
        hashing.http_header_name,
        hashing.http_cookie,
        hashing.use_source_ip,
        hashing.http_query_parameter_name,
    )
    if not any(keys):
        names = "httpHeaderName, httpCookie, useSourceIp, httpQueryParameterName"
        yield Problem(path, f"nothing to hash: set one of {names}")
    if hashing.http_cookie and not hashing.http_cookie.name:
        yield Problem(f"{path}.httpCookie.name", "required, but not set")
    if hashing.minimum_ring_size:
        yield warning(f"{path}.minimumRingSize", "is deprecated; use ringHash.minimumRingSize")


def _locality(path: str, setting: LocalityLbSetting) -> Findings:
    if setting.distribute and (setting.failover or setting.failover_priority):
        yield Problem(path, "distribute excludes failover and failoverPriority")
    for index, share in enumerate(setting.distribute):
        where = f"{path}.distribute[{index}]"
        if not share.from_:
            yield Problem(f"{where}.from", "required, but not set")
        for locality in (share.from_, *share.to):
            if "*" in locality.rstrip("*") or "//" in locality:
                yield Problem(where, f"{locality!r} is not a locality: write region/zone/subzone, '*' at the end only")
        if 0 in share.to.values():
            yield Problem(f"{where}.to", "a share must be above 0; leave the locality out instead")
        if sum(share.to.values()) != 100:
            yield Problem(f"{where}.to", f"shares add up to {sum(share.to.values())}, not to 100")
    for index, failover in enumerate(setting.failover):
        where = f"{path}.failover[{index}]"
        if failover.from_ == failover.to:
            yield Problem(where, f"{failover.to!r} cannot take over for itself")
        if "*" in failover.to or "/" in failover.to:
            yield Problem(f"{where}.to", f"{failover.to!r} must be a region without zone or '*'")
