"""Which locality setting applies to a service, and whether it takes effect.

Precedence (Istio): the DestinationRule's, the Service's ``trafficDistribution``, the mesh's. Failover needs
outlier detection, else Envoy would never leave the first priority; a traffic distribution forces it.
"""

from __future__ import annotations

import msgspec

from isthmus.api.destination_rule import TrafficPolicy
from isthmus.api.load_balancing import LocalityLbSetting
from isthmus.api.mesh_config import MeshConfig
from isthmus.model.service import Service
from isthmus.translate.policy import DestinationPolicy

NETWORK = "topology.istio.io/network"
REGION = "topology.kubernetes.io/region"
ZONE = "topology.kubernetes.io/zone"
SUBZONE = "topology.istio.io/subzone"
CLUSTER = "topology.istio.io/cluster"
HOSTNAME = "kubernetes.io/hostname"

_CLOSE = LocalityLbSetting(failover_priority=(NETWORK, REGION, ZONE))
_DISTRIBUTIONS = {
    "PreferClose": _CLOSE,
    "PreferSameZone": _CLOSE,
    "PreferSameNode": LocalityLbSetting(failover_priority=(NETWORK, REGION, ZONE, SUBZONE, HOSTNAME)),
}


class LocalityRule(msgspec.Struct, frozen=True):
    """A setting that takes effect: by shares, or by failover."""

    setting: LocalityLbSetting
    failover: bool = False


def rule(traffic: TrafficPolicy, service: Service, mesh: MeshConfig) -> LocalityRule | None:
    """What to do with a service's endpoints by locality; None for nothing."""
    own = traffic.load_balancer.locality_lb_setting if traffic.load_balancer else None
    if own is None and service.traffic_distribution in _DISTRIBUTIONS:
        return LocalityRule(_DISTRIBUTIONS[service.traffic_distribution], failover=True)
    return _effective(own or mesh.locality_lb_setting, traffic)


def weighs(traffic: TrafficPolicy, mesh: MeshConfig) -> bool:
    """Whether a cluster has to balance by locality weights."""
    own = traffic.load_balancer.locality_lb_setting if traffic.load_balancer else None
    return _effective(own or mesh.locality_lb_setting, traffic) is not None


def asks_for_place(policy: DestinationPolicy, service: Service, mesh: MeshConfig) -> bool:
    """Whether a service's endpoints depend on where the client runs."""
    if service.node_local or service.traffic_distribution in _DISTRIBUTIONS:
        return True
    ports = [port.number for port in service.ports]
    effective = (policy.effective(port, subset) for port in ports for subset in (None, *policy.subsets))
    return any(rule(traffic, service, mesh) is not None for traffic in effective)


def priority_labels(setting: LocalityLbSetting | None) -> frozenset[str]:
    """The labels that a setting compares."""
    return frozenset(entry.partition("=")[0] for entry in setting.failover_priority) if setting else frozenset()


DISTRIBUTION_LABELS = frozenset(_DISTRIBUTIONS["PreferSameNode"].failover_priority)


def _effective(setting: LocalityLbSetting, traffic: TrafficPolicy) -> LocalityRule | None:
    if setting.enabled is False:
        return None
    if setting.distribute:
        return LocalityRule(setting)
    return LocalityRule(setting, failover=True) if traffic.outlier_detection is not None else None
