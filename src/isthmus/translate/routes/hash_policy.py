"""What a request is hashed by, where a service balances by consistent hash."""

from __future__ import annotations

from isthmus.api.destination_rule import TrafficPolicy
from isthmus.api.duration import seconds
from isthmus.api.load_balancing import HttpCookie
from isthmus.translate.values import Fields, duration

HashPolicy = tuple[Fields, ...]


def hash_policy(traffic: TrafficPolicy) -> HashPolicy:
    """The hash policy that a traffic policy asks of routes; empty for other balancing."""
    settings = traffic.load_balancer.consistent_hash if traffic.load_balancer else None
    if settings is None:
        return ()
    if settings.http_header_name:
        return ({"header": {"header_name": settings.http_header_name}},)
    if settings.http_cookie is not None:
        return ({"cookie": _cookie(settings.http_cookie)},)
    if settings.use_source_ip:
        return ({"connection_properties": {"source_ip": True}},)
    if settings.http_query_parameter_name:
        return ({"query_parameter": {"name": settings.http_query_parameter_name}},)
    return ()


def _cookie(cookie: HttpCookie) -> Fields:
    fields: Fields = {"name": cookie.name, "path": cookie.path}
    if cookie.ttl is not None:
        fields["ttl"] = duration(seconds(cookie.ttl))
    if cookie.attributes:
        fields["attributes"] = [{"name": entry.name, "value": entry.value} for entry in cookie.attributes]
    return fields
