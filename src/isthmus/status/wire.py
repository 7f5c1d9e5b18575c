"""Statuses as JSON, merged with what an object has already.

A condition keeps the time of its last transition as long as it says the same. What other controllers wrote stays:
their conditions, and their parents of a route.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from isthmus.model.status import Condition, ListenerStatus, ParentStatus, Status, StatusKey

Json = dict[str, Any]
GROUP = "gateway.networking.k8s.io"
_OWN_TYPES = frozenset({"Accepted", "Programmed", "ResolvedRefs", "Conflicted", "PartiallyInvalid", "SupportedVersion"})


def merged(key: StatusKey, status: Status | None, current: Mapping[str, Any], now: str, own: frozenset[str]) -> Json:
    """The status that an object must have. ``own``: names of this control plane's controllers.

    None for ``status`` means that the object is not, or no longer, served here: what is found is left as it is,
    without this control plane's parents of a route.
    """
    if key.kind == "GatewayClass" and status is not None:
        return {**current, **_class(status, current, now)}
    if key.kind == "Gateway" and status is not None:
        return {**current, **_gateway(status, current, now)}
    if key.kind in ("GatewayClass", "Gateway"):
        return dict(current)
    return {**current, "parents": _parents(status, current, now, own)}


def _class(status: Status, current: Mapping[str, Any], now: str) -> Json:
    return {
        "conditions": _conditions(status.conditions, current, status.generation, now),
        "supportedFeatures": [{"name": name} for name in status.features],
    }


def _gateway(status: Status, current: Mapping[str, Any], now: str) -> Json:
    before = {one.get("name"): one for one in current.get("listeners") or ()}
    return {
        "addresses": [{"type": kind, "value": value} for kind, value in status.addresses],
        "conditions": _conditions(status.conditions, current, status.generation, now),
        "listeners": [_listener(one, before.get(one.name, {}), status.generation, now) for one in status.listeners],
    }


def _listener(listener: ListenerStatus, current: Mapping[str, Any], generation: int, now: str) -> Json:
    return {
        "name": listener.name,
        "attachedRoutes": listener.attached,
        "supportedKinds": [{"group": GROUP, "kind": kind} for kind in listener.kinds],
        "conditions": _conditions(listener.conditions, current, generation, now),
    }


def _parents(status: Status | None, current: Mapping[str, Any], now: str, own: frozenset[str]) -> list[Json]:
    found = list(current.get("parents") or ())
    others = [one for one in found if one.get("controllerName") not in own]
    ours = [one for one in found if one.get("controllerName") in own]
    if status is None:
        return others
    return [*others, *(_parent(one, ours, status.generation, now) for one in status.parents)]


def _parent(parent: ParentStatus, before: Iterable[Mapping[str, Any]], generation: int, now: str) -> Json:
    optional = {"namespace": parent.namespace, "sectionName": parent.section_name, "port": parent.port}
    reference = {
        "group": parent.group,
        "kind": parent.kind,
        "name": parent.name,
        **{name: value for name, value in optional.items() if value is not None},
    }
    current: Mapping[str, Any] = next((one for one in before if one.get("parentRef") == reference), {})
    return {
        "parentRef": reference,
        "controllerName": parent.controller,
        "conditions": _conditions(parent.conditions, current, generation, now),
    }


def _conditions(wanted: Iterable[Condition], holder: Mapping[str, Any], generation: int, now: str) -> list[Json]:
    before = {one.get("type"): one for one in holder.get("conditions") or ()}
    foreign = [one for one in before.values() if one.get("type") not in _OWN_TYPES]
    return [*(_condition(one, before.get(one.type, {}), generation, now) for one in wanted), *foreign]


def _condition(wanted: Condition, before: Mapping[str, Any], generation: int, now: str) -> Json:
    text = "True" if wanted.status else "False"
    return {
        "type": wanted.type,
        "status": text,
        "reason": wanted.reason,
        "message": wanted.message,
        "observedGeneration": generation,
        "lastTransitionTime": before.get("lastTransitionTime", now) if before.get("status") == text else now,
    }
