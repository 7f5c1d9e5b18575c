"""Who runs a pod: the workload's name and kind, from the pod's own fields.

Knows: how controllers name what they own. Reads no owner: at admission the pod is all there is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from isthmus.inject import metadata

Json = dict[str, Any]

_CRON_NAME = re.compile(r"^(.+)-\d{8,10}$")


@dataclass(frozen=True, slots=True)
class Owner:
    """A workload: its name, namespace, kind and API version."""

    name: str
    namespace: str
    kind: str
    api_version: str


def owner_of(pod: Json) -> Owner:
    """The top of the pod's controllers; the pod itself when nothing controls it."""
    meta = pod.get("metadata") or {}
    namespace = meta.get("namespace") or ""
    controller = next((ref for ref in meta.get("ownerReferences") or () if ref.get("controller")), None)
    if controller is None:
        name = meta.get("name") or str(meta.get("generateName") or "").rstrip("-")
        return Owner(name, namespace, "Pod", "v1")
    kind, api_version, name = controller["kind"], controller.get("apiVersion", ""), controller["name"]
    if kind == "ReplicaSet" and (stem := _stem(pod, name, "pod-template-hash")):
        return Owner(stem, namespace, "Deployment", "apps/v1")
    if kind == "ReplicaSet" and (stem := _stem(pod, name, "rollouts-pod-template-hash")):
        return Owner(stem, namespace, "Rollout", "v1alpha1")
    if kind == "ReplicationController" and (config := metadata.labels_of(pod).get("deploymentconfig")):
        return Owner(config, namespace, "DeploymentConfig", "v1")
    if kind == "Job" and (cron := _CRON_NAME.match(name)):
        return Owner(cron[1], namespace, "CronJob", "batch/v1")
    return Owner(name, namespace, kind, api_version)


def _stem(pod: Json, name: str, label: str) -> str:
    """The name of what made a ReplicaSet, which appends a hash that is also a label of its pods."""
    suffix = "-" + (metadata.labels_of(pod).get(label) or "\0")
    return name.removesuffix(suffix) if name.endswith(suffix) else ""
