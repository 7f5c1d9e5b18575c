"""A component's `k8s` section: patches for the objects that its chart rendered.

Knows where each setting lands. Does not know how patches are merged, nor charts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from isthmus.api.strategic_merge import patched
from isthmus.gotemplate import yaml_text
from isthmus.install.components import Component
from isthmus.install.errors import InstallError
from isthmus.install.render import Object
from isthmus.install.tree_path import delete, write
from isthmus.install.value_tree import copied

_Place: TypeAlias = Callable[[Any, Component], Mapping[str, Any]]

_WORKLOADS = ("Deployment", "DaemonSet")


def _pod(field: str) -> _Place:
    return lambda value, _: {"spec": {"template": {"spec": {field: value}}}}


def _container(field: str) -> _Place:
    def place(value: Any, component: Component) -> Mapping[str, Any]:
        container = {"name": component.sort.container, field: value}
        return {"spec": {"template": {"spec": {"containers": [container]}}}}

    return place


def _service(value: Any, component: Component) -> Mapping[str, Any]:
    """A gateway's ports are values of its chart, because its Deployment needs them too."""
    is_gateway = component.sort.container == "istio-proxy"
    return {"spec": {key: entry for key, entry in value.items() if not (is_gateway and key == "ports")}}


# `volumes` and `volumeMounts` are accepted and have no effect, as in Istio: overlays add them.
_PLACES: Mapping[str, tuple[tuple[str, ...], _Place]] = {
    "affinity": (_WORKLOADS, _pod("affinity")),
    "env": (_WORKLOADS, _container("env")),
    "imagePullPolicy": (_WORKLOADS, _container("imagePullPolicy")),
    "nodeSelector": (_WORKLOADS, _pod("nodeSelector")),
    "podAnnotations": (_WORKLOADS, lambda value, _: {"spec": {"template": {"metadata": {"annotations": value}}}}),
    "priorityClassName": (_WORKLOADS, _pod("priorityClassName")),
    "readinessProbe": (_WORKLOADS, _container("readinessProbe")),
    "replicaCount": (("Deployment",), lambda value, _: {"spec": {"replicas": value}}),
    "resources": (_WORKLOADS, _container("resources")),
    "securityContext": (_WORKLOADS, _pod("securityContext")),
    "strategy": (("Deployment",), lambda value, _: {"spec": {"strategy": value}}),
    "tolerations": (_WORKLOADS, _pod("tolerations")),
    "hpaSpec": (("HorizontalPodAutoscaler",), lambda value, _: {"spec": value}),
    "podDisruptionBudget": (("PodDisruptionBudget",), lambda value, _: {"spec": value}),
    "service": (("Service",), _service),
    "serviceAnnotations": (("Service",), lambda value, _: {"metadata": {"annotations": value}}),
}


def customized(component: Component, objects: list[Object]) -> list[Object]:
    """The objects with the component's settings and overlays. Raises InstallError naming path and overlay."""
    result = [_with_settings(component, found) for found in objects]
    for index, overlay in enumerate(component.settings.get("overlays") or ()):
        _overlay(result, overlay, f"{component.path}.k8s.overlays[{index}]")
    return result


def _with_settings(component: Component, found: Object) -> Object:
    if found["metadata"]["name"] != component.workload:
        return found
    for field, value in component.settings.items():
        kinds, place = _PLACES.get(field, ((), None))
        if place is not None and found["kind"] in kinds:
            found = patched(found, place(value, component))
    return found


def _overlay(objects: list[Object], overlay: Mapping[str, Any], where: str) -> None:
    """Apply one overlay in place; kind and name choose the object, whatever its API version."""
    wanted = (overlay["kind"], overlay.get("name"))
    targets = [found for found in objects if (found["kind"], found["metadata"]["name"]) == wanted]
    if not targets:
        known = sorted(f"{found['kind']} {found['metadata']['name']}" for found in objects)
        raise InstallError(f"{where}: there is no {wanted[0]} {wanted[1]}; this component has {', '.join(known)}")
    for target in targets:
        for index, patch in enumerate(overlay.get("patches") or ()):
            try:
                _patch(target, patch)
            except InstallError as problem:
                raise InstallError(f"{where}.patches[{index}]: {problem}") from None


def _patch(target: Object, patch: Mapping[str, Any]) -> None:
    if patch.get("value") is None:
        delete(target, str(patch["path"]))
    else:
        write(target, str(patch["path"]), _overlay_value(patch["value"]))


def _overlay_value(value: Any) -> Any:
    """Text that is a YAML map counts as that map, unless it is JSON, which somebody wants to keep as text."""
    if not isinstance(value, str):
        return copied(value)
    try:
        json.loads(value)
    except ValueError:
        pass
    else:
        return value
    try:
        parsed = yaml_text.load(value)
    except yaml_text.YamlError:
        return value
    return parsed if isinstance(parsed, dict) else value
