"""Per-route configuration of HTTP filters: faults and cross-origin rules."""

from __future__ import annotations

from typing import Any

from isthmus.api.duration import seconds
from isthmus.api.http_policy import CorsPolicy, FaultAbort, FaultDelay, HttpFaultInjection, Percent
from isthmus.protos import pb, to_any
from isthmus.translate.encoding import struct
from isthmus.translate.routes.matches import string_match
from isthmus.translate.values import Fields, go_duration, percent, runtime_percent, wrapped

FAULT = "envoy.filters.http.fault"
CORS = "envoy.filters.http.cors"
GRPC_STATUSES = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip
"""Names of gRPC status codes, at the position of their numbers."""


def fault(settings: HttpFaultInjection) -> Any:
    """Delays and errors on purpose."""
    fields: Fields = {}
    if settings.delay and settings.delay.fixed_delay:
        fields["delay"] = {
            "fixed_delay": go_duration(settings.delay.fixed_delay),
            "percentage": percent(_delayed(settings.delay)),
        }
    if settings.abort:
        fields["abort"] = {**_status(settings.abort), "percentage": percent(_share(settings.abort.percentage))}
    return to_any(pb("envoy.extensions.filters.http.fault.v3.HTTPFault")(**fields))


def cors(policy: CorsPolicy) -> Any:
    """Cross-origin rules."""
    origins = [matcher for origin in policy.allow_origins if (matcher := string_match(origin))]
    fields: Fields = {
        "allow_origin_string_match": [*origins, *({"exact": origin} for origin in policy.allow_origin)],
        "allow_methods": ",".join(policy.allow_methods),
        "allow_headers": ",".join(policy.allow_headers),
        "expose_headers": ",".join(policy.expose_headers),
        "filter_enabled": runtime_percent(100),
    }
    if policy.max_age:
        fields["max_age"] = str(int(seconds(policy.max_age)))
    if policy.allow_credentials is not None:
        fields["allow_credentials"] = wrapped(policy.allow_credentials)
    if policy.unmatched_preflights != "UNSPECIFIED":
        fields["forward_not_matching_preflights"] = wrapped(policy.unmatched_preflights == "FORWARD")
    return to_any(pb("envoy.extensions.filters.http.cors.v3.CorsPolicy")(**fields))


def metadata(path: str) -> Any:
    """Route metadata that names the object a route comes from."""
    return struct({"config": path})


def _delayed(delay: FaultDelay) -> float:
    if delay.percentage is not None:
        return delay.percentage.value
    return float(delay.percent) if delay.percent > 0 else 100.0


def _share(share: Percent | None) -> float:
    return 100.0 if share is None else share.value


def _status(abort: FaultAbort) -> Fields:
    if abort.grpc_status is not None:
        return {"grpc_status": GRPC_STATUSES.index(abort.grpc_status)}
    return {"http_status": abort.http_status}
