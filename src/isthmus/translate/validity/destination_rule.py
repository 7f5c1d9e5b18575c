"""DestinationRules: settings that Envoy accepts."""

from __future__ import annotations

import msgspec

from isthmus.api.config import Problems
from isthmus.api.connection_pool import ConnectionPoolSettings, OutlierDetection, TcpKeepalive
from isthmus.api.destination_rule import DestinationRule, PortTrafficPolicy, Subset, TrafficPolicy
from isthmus.api.load_balancing import ConsistentHash, LoadBalancerSettings, Warmup
from isthmus.api.tls import ClientTlsSettings
from isthmus.translate.validity.limits import not_negative, positive, share
from isthmus.translate.validity.notes import Notes

_MAGLEV_LIMIT = 5_000_011
_RING_LIMIT = 8_388_608


def usable(spec: DestinationRule) -> tuple[DestinationRule, Problems]:
    """The object without what cannot be translated."""
    notes = Notes()
    policy = _policy(spec.traffic_policy, notes.at("trafficPolicy")) if spec.traffic_policy else None
    subsets: dict[str, Subset] = {}
    for at, subset in notes.each("subsets", spec.subsets):
        if not subset.name or subset.name in subsets:
            at.at("name").error(f"the subset is left out: give it a name of its own, not {subset.name!r}")
            continue
        own = _policy(subset.traffic_policy, at.at("trafficPolicy")) if subset.traffic_policy else None
        subsets[subset.name] = msgspec.structs.replace(subset, traffic_policy=own)
    return msgspec.structs.replace(spec, traffic_policy=policy, subsets=tuple(subsets.values())), notes.problems


def _policy(policy: TrafficPolicy, notes: Notes) -> TrafficPolicy:
    levels = notes.each("portLevelSettings", policy.port_level_settings)
    if policy.tunnel is not None:
        notes.at("tunnel").error("tunnels are not supported; connections are made without one")
    if policy.proxy_protocol is not None:
        notes.at("proxyProtocol").error("the PROXY protocol is not sent to services")
    if policy.retry_budget is not None:
        notes.at("retryBudget").error("retry budgets are not supported; retries are limited by maxRetries")
    return msgspec.structs.replace(
        policy,
        tls=_tls(policy.tls, notes.at("tls")),
        load_balancer=_balancer(policy.load_balancer, notes.at("loadBalancer")),
        connection_pool=_pool(policy.connection_pool, notes.at("connectionPool")),
        outlier_detection=_outliers(policy.outlier_detection, notes.at("outlierDetection")),
        port_level_settings=tuple(_level(level, at) for at, level in levels),
    )


def _level(level: PortTrafficPolicy, notes: Notes) -> PortTrafficPolicy:
    return msgspec.structs.replace(
        level,
        tls=_tls(level.tls, notes.at("tls")),
        load_balancer=_balancer(level.load_balancer, notes.at("loadBalancer")),
        connection_pool=_pool(level.connection_pool, notes.at("connectionPool")),
        outlier_detection=_outliers(level.outlier_detection, notes.at("outlierDetection")),
    )


def _pool(pool: ConnectionPoolSettings | None, notes: Notes) -> ConnectionPoolSettings | None:
    if pool is None:
        return None
    tcp, http = pool.tcp, pool.http
    if tcp is not None:
        at = notes.at("tcp")
        tcp = msgspec.structs.replace(
            tcp,
            connect_timeout=positive(tcp.connect_timeout, at.at("connectTimeout")),
            max_connection_duration=not_negative(tcp.max_connection_duration, at.at("maxConnectionDuration")),
            idle_timeout=not_negative(tcp.idle_timeout, at.at("idleTimeout")),
            tcp_keepalive=_keepalive(tcp.tcp_keepalive, at.at("tcpKeepalive")),
        )
    if http is not None:
        idle = not_negative(http.idle_timeout, notes.at("http").at("idleTimeout"))
        http = msgspec.structs.replace(http, idle_timeout=idle)
    return msgspec.structs.replace(pool, tcp=tcp, http=http)


def _keepalive(keepalive: TcpKeepalive | None, notes: Notes) -> TcpKeepalive | None:
    if keepalive is None:
        return None
    return msgspec.structs.replace(
        keepalive,
        time=positive(keepalive.time, notes.at("time")),
        interval=positive(keepalive.interval, notes.at("interval")),
    )


def _outliers(settings: OutlierDetection | None, notes: Notes) -> OutlierDetection | None:
    if settings is None:
        return None
    return msgspec.structs.replace(
        settings,
        interval=positive(settings.interval, notes.at("interval")),
        base_ejection_time=positive(settings.base_ejection_time, notes.at("baseEjectionTime")),
        max_ejection_percent=share(settings.max_ejection_percent, notes.at("maxEjectionPercent")),
        min_health_percent=share(settings.min_health_percent, notes.at("minHealthPercent")),
    )


def _tls(tls: ClientTlsSettings | None, notes: Notes) -> ClientTlsSettings | None:
    if (
        tls is not None
        and tls.mode == "MUTUAL"
        and not tls.credential_name
        and not (tls.client_certificate and tls.private_key)
    ):
        # Plain text instead of the TLS that was asked for would be worse than no connection at all.
        notes.error("MUTUAL needs clientCertificate and privateKey, or credentialName; connections will fail")
    return tls


def _balancer(balancer: LoadBalancerSettings | None, notes: Notes) -> LoadBalancerSettings | None:
    if balancer is None:
        return None
    return msgspec.structs.replace(
        balancer,
        consistent_hash=_hashing(balancer.consistent_hash, notes.at("consistentHash")),
        warmup=_warmup(balancer.warmup, notes.at("warmup")),
        warmup_duration_secs=positive(balancer.warmup_duration_secs, notes.at("warmupDurationSecs")),
    )


def _hashing(hashing: ConsistentHash | None, notes: Notes) -> ConsistentHash | None:
    if hashing is None:
        return None
    ring, maglev = hashing.ring_hash, hashing.maglev
    if maglev is not None and maglev.table_size and not _is_table_size(maglev.table_size):
        at = notes.at("maglev.tableSize")
        at.error(f"the default is used instead: {maglev.table_size} is not a prime up to {_MAGLEV_LIMIT}")
        maglev = msgspec.structs.replace(maglev, table_size=0)
    if ring is not None and ring.minimum_ring_size > _RING_LIMIT:
        at = notes.at("ringHash.minimumRingSize")
        at.error(f"{_RING_LIMIT} is used instead of {ring.minimum_ring_size}")
        ring = msgspec.structs.replace(ring, minimum_ring_size=_RING_LIMIT)
    return msgspec.structs.replace(
        hashing, ring_hash=ring, maglev=maglev, minimum_ring_size=min(hashing.minimum_ring_size, _RING_LIMIT)
    )


def _warmup(warmup: Warmup | None, notes: Notes) -> Warmup | None:
    if warmup is None or positive(warmup.duration, notes.at("duration")) is None:
        return None
    aggression, percent = warmup.aggression, warmup.minimum_percent
    if aggression is not None and aggression <= 0:
        notes.at("aggression").error(f"the default is used instead: {aggression} is not above 0")
        aggression = None
    if percent is not None and not 0 <= percent <= 100:
        notes.at("minimumPercent").error(f"the default is used instead: {percent} is not from 0 to 100")
        percent = None
    return msgspec.structs.replace(warmup, aggression=aggression, minimum_percent=percent)


def _is_table_size(number: int) -> bool:
    return number <= _MAGLEV_LIMIT and _is_prime(number)


def _is_prime(number: int) -> bool:
    return number > 1 and all(number % factor for factor in range(2, int(number**0.5) + 1))
