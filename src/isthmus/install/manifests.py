"""Objects as a list for a cluster: their order, their labels, their text.

Knows Helm's order of kinds and the labels by which an installation finds its objects again.
Does not know components' values, nor clusters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from isthmus import __version__
from isthmus.gotemplate import yaml_text
from isthmus.install.render import Object
from isthmus.install.value_tree import copied

COMPONENT = "operator.istio.io/component"
MANAGED = "operator.istio.io/managed"
VERSION = "operator.istio.io/version"
OWNER = "install.operator.istio.io/owning-resource"
OWNER_NAMESPACE = "install.operator.istio.io/owning-resource-namespace"
REVISION = "istio.io/rev"
UNNAMED = "unknown"

# Helm's InstallOrder, as far as kinds matter to each other; others come last.
_ORDER = (
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Service",
    "EndpointSlice",
    "DaemonSet",
    "Pod",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
)
_RANK = {kind: rank for rank, kind in enumerate(_ORDER)}


class Owner(msgspec.Struct, frozen=True):
    """Whose objects they are: the IstioOperator's name (may be empty), its namespace, its revision."""

    name: str
    namespace: str
    revision: str

    def labels(self) -> dict[str, str]:
        """What all objects of one owner have in common."""
        return {
            OWNER: self.name or UNNAMED,
            OWNER_NAMESPACE: self.namespace,
            REVISION: self.revision or "default",
        }


class Identity(msgspec.Struct, frozen=True, order=True):
    """Which object in a cluster, whatever its API version."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def identity(found: Mapping[str, Any]) -> Identity:
    """The identity of an object."""
    metadata = found["metadata"]
    return Identity(str(found["kind"]), str(metadata.get("namespace") or ""), str(metadata["name"]))


def ordered(objects: Iterable[Object]) -> list[Object]:
    """Objects in the order in which they are applied; equal kinds by name."""
    return sorted(objects, key=lambda found: (_RANK.get(found["kind"], len(_RANK)), identity(found)))


def labelled(found: Object, owner: Owner, component: str) -> Object:
    """A copy with the labels of its owner and component."""
    result: Object = copied(found)
    labels = result["metadata"].setdefault("labels", {})
    labels.update(owner.labels())
    labels |= {MANAGED: "Reconcile", COMPONENT: component, VERSION: __version__}
    return result


def text(objects: Iterable[Mapping[str, Any]]) -> str:
    """Objects as one stream of YAML documents."""
    return "".join(yaml_text.dump(found) + "---\n" for found in objects)
