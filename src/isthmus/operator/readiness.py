"""When a revision or the node agent is ready, by the objects that it consists of.

Knows Sail's reasons, and the annotations in which the answer of a remote control plane is kept. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from isthmus.kube.readiness import missing
from isthmus.operator.conditions import WELL, Finding
from isthmus.operator.resources.resource import IstioCni
from isthmus.operator.resources.status import condition

PROBE = "sailoperator.io/readinessProbe"
PROBE_STATUS = f"{PROBE}.status"
PROBE_REASON = f"{PROBE}.reason"

Object = Mapping[str, Any]


def of_deployment(found: Object | None, name: str) -> Finding:
    """A control plane of this cluster."""
    if found is None:
        return Finding("IstiodNotReady", f"Deployment {name} does not exist")
    if found.get("spec", {}).get("replicas") == 0:
        return Finding("IstiodNotReady", f"Deployment {name} is scaled to zero")
    lacking = missing(found)
    return Finding("IstiodNotReady", f"Deployment {name} {lacking}") if lacking else WELL


def of_remote(injector: Object | None) -> Finding:
    """A control plane elsewhere, as the webhook that leads to it was answered last."""
    if injector is None:
        return Finding("RemoteIstiodNotReady", "there is no webhook that leads to the control plane")
    annotations = injector["metadata"].get("annotations") or {}
    status = annotations.get(PROBE_STATUS)
    if status == "true":
        return WELL
    if status is None:
        return Finding("RemoteIstiodNotReady", "the control plane has not been asked yet")
    return Finding("RemoteIstiodNotReady", str(annotations.get(PROBE_REASON) or "the control plane is not ready"))


def of_daemon_set(found: Object | None, name: str) -> Finding:
    """The node agent."""
    if found is None:
        return Finding("DaemonSetNotReady", f"DaemonSet {name} does not exist")
    lacking = missing(found)
    if not lacking and not found.get("status", {}).get("desiredNumberScheduled"):
        lacking = "runs on no node"
    return Finding("DaemonSetNotReady", f"DaemonSet {name} {lacking}") if lacking else WELL


def of_dependencies(agents: Iterable[IstioCni], *, needs_agent: bool) -> Finding:
    """What pods of a revision need besides their control plane."""
    if not needs_agent:
        return WELL
    agent = next((each for each in agents if not each.deleting), None)
    if agent is None:
        cure = "create an IstioCNI named default, or set spec.values.pilot.cni.enabled to false"
        return Finding("IstioCNINotFound", f"pods are captured by the node agent, and there is none: {cure}")
    ready = condition(agent.status.conditions, "Ready") if agent.status else None
    if ready is None or ready.status != "True":
        said = ready.message if ready else "nobody has looked at it yet"
        return Finding("IstioCNINotHealthy", f"IstioCNI {agent.name} is not ready: {said}")
    return WELL
