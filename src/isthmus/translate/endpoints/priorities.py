"""Locality load balancing: shares by locality, and the order in which localities take over from each other.

Rules: Istio's ``pilot/pkg/networking/core/loadbalancer``. Runs after split horizon, so that a gateway counts
with the locality of the endpoints behind it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import msgspec

from isthmus.api.load_balancing import LocalityDistribute, LocalityFailover
from isthmus.api.wire import Labels
from isthmus.model.locality import Locality
from isthmus.translate import locality as topology
from isthmus.translate.endpoints.hosts import Group, Host, group
from isthmus.translate.locality import LocalityRule
from isthmus.translate.views import EndpointView, Place

_PER_LEVEL = 5
"""Failover by locality knows five levels; they refine the priorities that labels gave."""


def arrange(view: EndpointView, rule: LocalityRule, groups: Sequence[Group]) -> tuple[Group, ...]:
    """Groups with the weights or priorities that the rule gives them for this client."""
    place, setting = view.place, rule.setting
    if not rule.failover:
        return _distribute(place.locality, setting.distribute, groups)
    if not setting.failover_priority:
        return _compact(_by_locality(place.locality, setting.failover, groups))
    ordered = _by_labels(_labels(view), setting.failover_priority, groups)
    return _compact(_by_locality(place.locality, setting.failover, ordered) if setting.failover else ordered)


def _labels(view: EndpointView) -> Labels:
    place: Place = view.place
    own = {
        topology.REGION: place.locality.region,
        topology.ZONE: place.locality.zone,
        topology.SUBZONE: place.locality.subzone,
        topology.CLUSTER: view.cluster,
        topology.NETWORK: view.network,
        topology.HOSTNAME: place.node,
    }
    return dict(place.labels) | {name: value for name, value in own.items() if value}


def _distribute(place: Locality, settings: Iterable[LocalityDistribute], groups: Sequence[Group]) -> tuple[Group, ...]:
    setting = next((entry for entry in settings if _matches(place, entry.from_)), None)
    if setting is None:
        return tuple(groups)
    weights: dict[int, int] = {}
    for pattern, share in sorted(setting.to.items(), key=lambda item: (-item[0].count("/"), item[0])):
        members = [i for i, one in enumerate(groups) if i not in weights and _matches(one.locality, pattern)]
        total = sum(groups[i].weight or 1 for i in members)
        weights.update({i: math.ceil((groups[i].weight or 1) * share / total) for i in members})
    return tuple(
        msgspec.structs.replace(one, weight=weights[i] or None) if i in weights else Group(one.locality, ())
        for i, one in enumerate(groups)
    )


def _matches(place: Locality, pattern: str) -> bool:
    """Whether a locality lies in ``region/zone/subzone``; ``*`` and what is left out match anything."""
    wanted = pattern.split("/")
    found = (place.region, place.zone, place.subzone)
    for want, have in zip(wanted, found, strict=False):
        if want == "*":
            return True
        if want and want != have:
            return False
    return True


def _by_locality(place: Locality, failover: Iterable[LocalityFailover], groups: Iterable[Group]) -> list[Group]:
    target = next((entry.to for entry in failover if entry.from_ == place.region), None)
    return [
        msgspec.structs.replace(one, priority=one.priority * _PER_LEVEL + _distance(place, one.locality, target))
        for one in groups
    ]


def _distance(place: Locality, other: Locality, target: str | None) -> int:
    if place.region != other.region:
        return 3 if target is None or other.region == target else 4
    if place.zone != other.zone:
        return 2
    return 0 if place.subzone == other.subzone else 1


def _by_labels(labels: Labels, wanted: Sequence[str], groups: Iterable[Group]) -> list[Group]:
    result: list[Group] = []
    for one in groups:
        levels: dict[int, list[Host]] = {}
        for member in one.hosts:
            levels.setdefault(_mismatch(labels, wanted, member.labels), []).append(member)
        result += [group(one.locality, levels[level], level) for level in sorted(levels)]
    return result


def _mismatch(labels: Labels, wanted: Sequence[str], other: Labels) -> int:
    """0 when all labels agree, more the earlier the first that does not.

    A leading network label is no stop: every host of another network comes after all hosts of the own one, and
    the other labels order both.
    """
    if wanted[0].partition("=")[0] == topology.NETWORK and len(wanted) > 1:
        far = len(wanted) if not _agrees(labels, wanted[0], other) else 0
        return far + _mismatch(labels, wanted[1:], other)
    position = next((i for i, entry in enumerate(wanted) if not _agrees(labels, entry, other)), len(wanted))
    return len(wanted) - position


def _agrees(labels: Labels, entry: str, other: Labels) -> bool:
    name, given, value = entry.partition("=")
    return other.get(name, "") == (value if given else labels.get(name, ""))


def _compact(groups: Sequence[Group]) -> tuple[Group, ...]:
    """Priorities from 0 without gaps, as Envoy requires."""
    levels = {level: i for i, level in enumerate(sorted({one.priority for one in groups}))}
    return tuple(msgspec.structs.replace(one, priority=levels[one.priority]) for one in groups)
