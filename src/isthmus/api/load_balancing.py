"""How endpoints of a service are chosen: simple, by hash, by locality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, field

from isthmus.api.wire import Duration, Groups, UInt32, Wire

UInt64 = Annotated[int, Meta(ge=0)]
SimpleLb = Literal["UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST"]


class CookieAttribute(Wire, frozen=True, kw_only=True):
    """An attribute of a cookie.

    name: Name, such as SameSite.
    value: Value; may be empty.
    """

    name: str
    value: str = ""


class HttpCookie(Wire, frozen=True, kw_only=True):
    """A cookie that keeps a client on an endpoint.

    name: Name of the cookie.
    path: Path of the cookie.
    ttl: Lifetime; a session cookie when 0.
    attributes: Further attributes.
    """

    name: str
    path: str = ""
    ttl: Duration | None = None
    attributes: tuple[CookieAttribute, ...] = ()


class RingHash(Wire, frozen=True, kw_only=True):
    """Ring hash.

    minimumRingSize: Least number of points on the ring; 1024 when not set.
    """

    minimum_ring_size: UInt64 = 0


class Maglev(Wire, frozen=True, kw_only=True):
    """Maglev hash.

    tableSize: Size of the table, a prime; 65537 when not set.
    """

    table_size: UInt64 = 0


class ConsistentHash(Wire, frozen=True, kw_only=True):
    """Endpoints by hash.

    httpHeaderName: Hash of a header.
    httpCookie: Hash of a cookie, which is made when missing.
    useSourceIp: Hash of the client's address.
    httpQueryParameterName: Hash of a query parameter.
    ringHash: Ring hash (the default).
    maglev: Maglev hash.
    minimumRingSize: Use ringHash.
    """

    at_most_one: ClassVar[Groups] = (
        ("httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"),
        ("ringHash", "maglev"),
    )

    http_header_name: str | None = None
    http_cookie: HttpCookie | None = None
    use_source_ip: bool | None = None
    http_query_parameter_name: str | None = None
    ring_hash: RingHash | None = None
    maglev: Maglev | None = None
    minimum_ring_size: UInt64 = 0


class LocalityDistribute(Wire, frozen=True, kw_only=True):
    """Shares by locality.

    from: Locality of the client, `region/zone/*`.
    to: Share of each locality; together 100.
    """

    from_: str = field(name="from", default="")
    to: Mapping[str, UInt32] = {}


class LocalityFailover(Wire, frozen=True, kw_only=True):
    """Where traffic goes when a region has no healthy endpoint.

    from: Region of the client.
    to: Region that takes over.
    """

    from_: str = field(name="from", default="")
    to: str = ""


class LocalityLbSetting(Wire, frozen=True, kw_only=True):
    """Load balancing by locality.

    distribute: Shares by locality.
    failover: Which region takes over.
    failoverPriority: Labels whose equality orders endpoints; `key` or `key=value`.
    enabled: Whether this applies; overrides the mesh.
    """

    distribute: tuple[LocalityDistribute, ...] = ()
    failover: tuple[LocalityFailover, ...] = ()
    failover_priority: tuple[str, ...] = ()
    enabled: bool | None = None


class ZoneAwareLbSetting(Wire, frozen=True, kw_only=True):
    """Endpoints of the own zone first, overflowing to others as their numbers demand.

    enabled: Whether this applies.
    failover: Which region takes over.
    failoverPriority: Labels whose equality orders endpoints; `key` or `key=value`.
    minClusterSize: Least number of endpoints in the region for this to apply; 6 when not set.
    """

    enabled: bool | None = None
    failover: tuple[LocalityFailover, ...] = ()
    failover_priority: tuple[str, ...] = ()
    min_cluster_size: Annotated[int, Meta(ge=1, le=4294967295)] | None = None


class Warmup(Wire, frozen=True, kw_only=True):
    """Slow start of new endpoints.

    duration: How long an endpoint is warmed up.
    minimumPercent: Least share of its weight.
    aggression: Shape of the increase; 1.0 is linear.
    """

    duration: Duration
    minimum_percent: Annotated[float, Meta(ge=0, le=100)] | None = None
    aggression: float | None = None


class LoadBalancerSettings(Wire, frozen=True, kw_only=True):
    """Load balancing.

    simple: A simple algorithm; LEAST_REQUEST when nothing is set.
    consistentHash: By hash.
    localityLbSetting: By locality; overrides the mesh as a whole.
    zoneAwareLbSetting: The own zone first.
    warmupDurationSecs: Use warmup.
    warmup: Slow start of new endpoints.
    """

    at_most_one: ClassVar[Groups] = (("simple", "consistentHash"), ("warmupDurationSecs", "warmup"))

    simple: SimpleLb | None = None
    consistent_hash: ConsistentHash | None = None
    locality_lb_setting: LocalityLbSetting | None = None
    zone_aware_lb_setting: ZoneAwareLbSetting | None = None
    warmup_duration_secs: Duration | None = None
    warmup: Warmup | None = None
