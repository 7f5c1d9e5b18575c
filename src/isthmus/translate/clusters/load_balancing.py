"""How a cluster chooses endpoints."""

from __future__ import annotations

import msgspec

from isthmus.api.destination_rule import TrafficPolicy
from isthmus.api.load_balancing import ConsistentHash, LoadBalancerSettings
from isthmus.api.mesh_config import MeshConfig
from isthmus.translate import locality
from isthmus.translate.values import Fields, go_duration, wrapped

_RING_SIZE = 1024
_POLICIES = {
    "ROUND_ROBIN": "ROUND_ROBIN",
    "RANDOM": "RANDOM",
    "LEAST_REQUEST": "LEAST_REQUEST",
    "LEAST_CONN": "LEAST_REQUEST",
}


class Balancing(msgspec.Struct, frozen=True):
    """Fields of a cluster, and whether it uses the client's own destination instead of known endpoints."""

    fields: Fields
    original_destination: bool = False


def balancing(
    traffic: TrafficPolicy, mesh: MeshConfig, *, direct: bool = False, default: str = "LEAST_REQUEST"
) -> Balancing:
    """The balancing that a policy asks for, else ``default``; ``direct`` sends to the address that the client chose."""
    settings = traffic.load_balancer or LoadBalancerSettings()
    if direct or settings.simple == "PASSTHROUGH":
        return Balancing({"type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED"}, original_destination=True)
    fields = _hashed(settings.consistent_hash) if settings.consistent_hash else _simple(settings, default)
    if shared := _shared(traffic, mesh):
        fields["common_lb_config"] = shared
    return Balancing(fields)


def _simple(settings: LoadBalancerSettings, default: str) -> Fields:
    policy = _POLICIES.get(settings.simple or "", default)
    fields: Fields = {"lb_policy": policy}
    if slow := _slow_start(settings):
        if policy == "LEAST_REQUEST":
            fields["least_request_lb_config"] = {"slow_start_config": slow}
        elif policy == "ROUND_ROBIN":
            fields["round_robin_lb_config"] = {"slow_start_config": slow}
    return fields


def _hashed(settings: ConsistentHash) -> Fields:
    if settings.maglev is not None:
        size = settings.maglev.table_size
        return {"lb_policy": "MAGLEV", **({"maglev_lb_config": {"table_size": wrapped(size)}} if size else {})}
    size = (settings.ring_hash.minimum_ring_size if settings.ring_hash else 0) or settings.minimum_ring_size
    return {"lb_policy": "RING_HASH", "ring_hash_lb_config": {"minimum_ring_size": wrapped(size or _RING_SIZE)}}


def _slow_start(settings: LoadBalancerSettings) -> Fields:
    if settings.warmup is None:
        return (
            {"slow_start_window": go_duration(settings.warmup_duration_secs)} if settings.warmup_duration_secs else {}
        )
    fields: Fields = {"slow_start_window": go_duration(settings.warmup.duration)}
    if settings.warmup.aggression is not None:
        fields["aggression"] = {"default_value": settings.warmup.aggression, "runtime_key": "aggression"}
    if settings.warmup.minimum_percent is not None:
        fields["min_weight_percent"] = {"value": settings.warmup.minimum_percent}
    return fields


def _shared(traffic: TrafficPolicy, mesh: MeshConfig) -> Fields:
    fields: Fields = {}
    if traffic.outlier_detection is not None:
        # Without this, Envoy would send to ejected endpoints as soon as half of them are ejected.
        fields["healthy_panic_threshold"] = {"value": float(traffic.outlier_detection.min_health_percent)}
    if locality.weighs(traffic, mesh):
        fields["locality_weighted_lb_config"] = {}
    return fields
