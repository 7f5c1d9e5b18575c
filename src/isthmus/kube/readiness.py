"""When workloads count as ready, and what is missing until then.

Knows: the status rules of ``kubectl rollout status`` and of readiness conditions. Pure: objects in, words out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def missing(found: Mapping[str, Any] | None) -> str:
    """What an object still lacks to be ready; empty when it is ready.

    Knows Deployment, DaemonSet, StatefulSet, Pod, Job and CustomResourceDefinition, and LoadBalancer
    Services; any other kind is ready when it exists.
    """
    if found is None:
        return "does not exist yet"
    rule = _RULES.get(str(found.get("kind", "")))
    return rule(found) if rule else ""


def _deployment(found: Mapping[str, Any]) -> str:
    wanted = int(found.get("spec", {}).get("replicas", 1))
    lacking = _stale(found) or _count(found, "updatedReplicas", wanted) or _count(found, "availableReplicas", wanted)
    refused = _condition_message(found, "ReplicaFailure")
    return f"{lacking}: {refused}" if lacking and refused else lacking


def _stateful_set(found: Mapping[str, Any]) -> str:
    wanted = int(found.get("spec", {}).get("replicas", 1))
    return _stale(found) or _count(found, "updatedReplicas", wanted) or _count(found, "readyReplicas", wanted)


def _daemon_set(found: Mapping[str, Any]) -> str:
    wanted = int(found.get("status", {}).get("desiredNumberScheduled", 0))
    return _stale(found) or _count(found, "updatedNumberScheduled", wanted) or _count(found, "numberAvailable", wanted)


def _pod(found: Mapping[str, Any]) -> str:
    if found.get("metadata", {}).get("deletionTimestamp"):
        return "is being deleted"
    if _condition(found, "Ready"):
        return ""
    return _waiting_container(found) or f"is {found.get('status', {}).get('phase', 'not scheduled')}, not ready"


def _job(found: Mapping[str, Any]) -> str:
    return "" if _condition(found, "Complete") else "is not complete"


def _definition(found: Mapping[str, Any]) -> str:
    return "" if _condition(found, "Established") else "is not established"


def _service(found: Mapping[str, Any]) -> str:
    if found.get("spec", {}).get("type") != "LoadBalancer":
        return ""
    return "" if found.get("status", {}).get("loadBalancer", {}).get("ingress") else "has no LoadBalancer address"


_RULES = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Pod": _pod,
    "Job": _job,
    "CustomResourceDefinition": _definition,
    "Service": _service,
}


def _stale(found: Mapping[str, Any]) -> str:
    observed = found.get("status", {}).get("observedGeneration", 0)
    return "" if observed >= found.get("metadata", {}).get("generation", 0) else "has changes nobody looked at yet"


def _count(found: Mapping[str, Any], field: str, wanted: int) -> str:
    ready = int(found.get("status", {}).get(field, 0))
    word = {"updatedReplicas": "updated", "updatedNumberScheduled": "updated", "readyReplicas": "ready"}
    return "" if ready >= wanted else f"has {ready} of {wanted} replicas {word.get(field, 'available')}"


def _condition(found: Mapping[str, Any], name: str) -> bool:
    conditions = found.get("status", {}).get("conditions") or ()
    return any(entry.get("type") == name and entry.get("status") == "True" for entry in conditions)


def _condition_message(found: Mapping[str, Any], name: str) -> str:
    """What a true condition says; empty when it is not true."""
    conditions = found.get("status", {}).get("conditions") or ()
    true = (entry for entry in conditions if entry.get("type") == name and entry.get("status") == "True")
    return next((str(entry.get("message", "")) for entry in true), "")


def _waiting_container(found: Mapping[str, Any]) -> str:
    status = found.get("status", {})
    for entry in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        waiting = entry.get("state", {}).get("waiting") or {}
        if waiting.get("reason") not in (None, "PodInitializing", "ContainerCreating"):
            return f"container {entry['name']}: {waiting['reason']} {waiting.get('message', '')}".rstrip()
    return ""
