"""Injection into written objects: workloads with a pod template, pods, and lists of them.

Knows: where each kind keeps its pod. Does not know files or clusters. Serves ``kube-inject``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from isthmus.inject import metadata
from isthmus.inject.decision import IGNORED_NAMESPACES
from isthmus.inject.errors import InjectionError
from isthmus.inject.owner import Owner

Json = dict[str, Any]
Note = Callable[[str], None]
Inject = Callable[[Json, Owner], Json]
"""Gives a pod, which belongs to a workload, with its proxy; InjectionError names its mistake."""

_TEMPLATE = ("spec", "template")
_PLACES: Mapping[str, Sequence[str]] = {
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "DaemonSet": _TEMPLATE,
    "Deployment": _TEMPLATE,
    "DeploymentConfig": _TEMPLATE,
    "Job": _TEMPLATE,
    "ReplicaSet": _TEMPLATE,
    "ReplicationController": _TEMPLATE,
    "Rollout": _TEMPLATE,
    "StatefulSet": _TEMPLATE,
}


def injected_document(document: Json, inject: Inject, note: Note) -> Json:
    """The object with its pods injected; objects without pods as they are.

    ``note`` is told of pods that are left out, and why. InjectionError names the object and its mistake.
    """
    kind = document.get("kind", "")
    if kind == "List":
        items = [injected_document(item, inject, note) for item in document.get("items") or ()]
        return {**document, "items": items}
    place = () if kind == "Pod" else _PLACES.get(kind)
    if place is None or (place and _at(document, place) is None):
        return document
    return _injected(document, place, inject, note)


def _injected(document: Json, place: Sequence[str], inject: Inject, note: Note) -> Json:
    meta = document.get("metadata") or {}
    namespace = meta.get("namespace") or ""
    subject = f"{document['kind']} {namespace + '/' if namespace else ''}{meta.get('name') or meta.get('generateName')}"
    pod = _at(document, place) or {}
    reason = _left_out(pod, namespace)
    if reason:
        note(f"{subject} is left as it is: {reason}")
        return document
    owner = Owner(meta.get("name") or "", namespace, document["kind"], document.get("apiVersion", ""))
    try:
        changed = inject(pod, owner)
    except InjectionError as error:
        raise InjectionError(f"{subject}: {error}") from None
    return _with(document, place, changed)


def _left_out(pod: Json, namespace: str) -> str:
    """Why a pod is not injected although somebody asks for it; empty when it is."""
    if (pod.get("spec") or {}).get("hostNetwork"):
        return "its pods use the network of their node"
    if namespace in IGNORED_NAMESPACES:
        return f"namespace {namespace} is never injected"
    word = metadata.labels_of(pod).get(metadata.INJECT, metadata.annotations_of(pod).get(metadata.INJECT, ""))
    return f"{metadata.INJECT} says {word}" if metadata.is_false(word) else ""


def _at(document: Json, place: Sequence[str]) -> Json | None:
    found: Any = document
    for name in place:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, dict) else None


def _with(document: Json, place: Sequence[str], pod: Json) -> Json:
    if not place:
        return pod
    first, *rest = place
    return {**document, first: _with(document[first], rest, pod)}
