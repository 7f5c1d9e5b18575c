"""Rendering: an injection template and what it sees, to the partial pod that it describes.

Knows: the names under which templates find pod, mesh and values (Istio's). Does not know how the result is
laid over the pod.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from isthmus.api.mesh_config import MeshConfig
from isthmus.api.proxy_settings import ProxySettings
from isthmus.api.yaml_text import YamlError, document
from isthmus.gotemplate import Record, TemplateError, render
from isthmus.inject import metadata, proxy_image
from isthmus.inject.errors import InjectionError
from isthmus.inject.go_values import go_struct
from isthmus.inject.mesh_values import mesh_record, proxy_record
from isthmus.inject.native import native_sidecar
from isthmus.inject.owner import Owner
from isthmus.inject.settings import InjectionSettings, value
from isthmus.inject.template_functions import template_functions

Json = dict[str, Any]


def selected_templates(pod: Json, settings: InjectionSettings) -> tuple[str, ...]:
    """Names of the templates for a pod, in order: its annotation or the default ones, aliases expanded."""
    chosen = metadata.annotations_of(pod).get(metadata.TEMPLATES, "")
    names = tuple(name.strip() for name in chosen.split(",") if name.strip()) or settings.config.default_templates
    return tuple(each for name in names for each in settings.config.aliases.get(name, (name,)))


def rendered(name: str, data: Mapping[str, Any], settings: InjectionSettings) -> Json:
    """The partial pod of one template; InjectionError for an unknown one and for one that fails."""
    text = settings.config.templates.get(name)
    if text is None:
        known = ", ".join(sorted(settings.config.templates)) or "none"
        raise InjectionError(f"annotation {metadata.TEMPLATES}: no template {name!r}; there are: {known}")
    functions = template_functions(settings.process_environment)
    try:
        partial = document(render(text, data, name=name, functions=functions))
    except TemplateError as error:
        raise InjectionError(f"injection template {name!r}: {error}") from None
    except YamlError as error:
        raise InjectionError(f"injection template {name!r} gives no YAML: {error}") from None
    if not isinstance(partial, dict | None):
        raise InjectionError(f"injection template {name!r} gives no pod")
    return partial or {}


def template_data(pod: Json, owner: Owner, mesh: MeshConfig, settings: InjectionSettings) -> Mapping[str, Any]:
    """Everything that a template sees."""
    proxy = mesh.default_config
    meta = {**(pod.get("metadata") or {}), "namespace": owner.namespace}
    image_type = proxy.image.image_type if proxy.image else ""
    annotations = metadata.annotations_of(pod)
    return {
        "TypeMeta": Record("v1.TypeMeta", {"Kind": owner.kind, "APIVersion": owner.api_version}),
        "DeploymentMeta": Record("types.NamespacedName", {"Name": owner.name, "Namespace": owner.namespace}),
        "ObjectMeta": go_struct("v1.ObjectMeta", meta),
        "Spec": go_struct("v1.PodSpec", pod.get("spec") or {}),
        "ProxyConfig": proxy_record(proxy),
        "MeshConfig": mesh_record(mesh),
        "Values": settings.values,
        "Revision": settings.revision,
        "ProxyImage": proxy_image.proxy_image(settings.values, image_type, annotations),
        "EstimatedConcurrency": _concurrency(proxy, annotations, settings.values),
        "InboundTrafficPolicyMode": mesh.inbound_traffic_policy.mode,
        "CompliancePolicy": settings.compliance_policy,
        "NativeSidecars": native_sidecar(pod, settings.native_sidecars, settings.kubelets),
    }


def _concurrency(proxy: ProxySettings, annotations: Mapping[str, str], values: Mapping[str, Any]) -> int:
    """Worker threads as far as they are known beforehand: configured, or by the CPU limit; 0 when open."""
    if proxy.concurrency is not None:
        return proxy.concurrency
    limit = annotations.get("sidecar.istio.io/proxyCPULimit") or value(values, "global.proxy.resources.limits.cpu")
    return _cores(str(limit))


def _cores(quantity: str) -> int:
    """Whole cores of a Kubernetes quantity such as ``2`` or ``1500m``, rounded up; 0 when it is none."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(m?)", quantity)
    return math.ceil(float(found[1]) / (1000 if found[2] else 1)) if found else 0
