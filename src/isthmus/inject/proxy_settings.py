"""The settings of one pod's proxy: the mesh's defaults with everything that overrides them.

Knows: the order of ProxyConfig's sources. Does not know what the settings do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from isthmus.api import mesh_config_layers
from isthmus.api.config import Config
from isthmus.api.mesh_config import MeshConfig
from isthmus.api.proxy_config import ProxyConfig
from isthmus.api.yaml_text import document
from isthmus.inject import metadata
from isthmus.inject.errors import InjectionError
from isthmus.inject.settings import InjectionSettings

Json = dict[str, Any]


def mesh_for(pod: Json, namespace: str, settings: InjectionSettings) -> MeshConfig:
    """The mesh's settings with ``defaultConfig`` as it is for this pod; InjectionError for a wrong annotation.

    Order: the mesh's own, ProxyConfig objects of the root namespace, of the pod's namespace, of the pod's
    labels, and the pod's annotation.
    """
    root = str(settings.mesh.get("rootNamespace", "istio-system"))
    chosen = _chosen(settings.proxy_configs, root, namespace, metadata.labels_of(pod))
    layers: list[Mapping[str, Any]] = [settings.mesh, *({"defaultConfig": _fields(each)} for each in chosen)]
    annotations = metadata.annotations_of(pod)
    layers.append({"defaultConfig": document(annotations.get(metadata.PROXY_CONFIG, "")) or {}})
    layers.append({"defaultConfig": _status_port(annotations.get(metadata.STATUS_PORT, ""))})
    try:
        return msgspec.convert(mesh_config_layers.merge(layers), MeshConfig)
    except msgspec.ValidationError as error:
        raise InjectionError(f"annotation {metadata.PROXY_CONFIG}: {error}") from None


def _status_port(annotation: str) -> Mapping[str, int]:
    """Probes and scrapers are led to the port of the annotation, so the agent has to listen there."""
    return {"statusPort": int(annotation)} if annotation.isdigit() and int(annotation) else {}


def _chosen(
    configs: Iterable[Config[ProxyConfig]], root: str, namespace: str, labels: Mapping[str, str]
) -> list[ProxyConfig]:
    """At most one object of each rank, the oldest, from the widest to the narrowest."""
    by_rank: dict[int, ProxyConfig] = {}
    for config in sorted(configs, key=lambda each: each.age_key):
        rank = _rank(config, root, namespace, labels)
        if rank is not None:
            by_rank.setdefault(rank, config.spec)
    return [by_rank[rank] for rank in sorted(by_rank)]


def _rank(config: Config[ProxyConfig], root: str, namespace: str, labels: Mapping[str, str]) -> int | None:
    selector = config.spec.selector
    if selector is not None and selector.match_labels:
        return 2 if config.namespace == namespace and selector.selects(labels) else None
    if config.namespace == namespace:
        return 1
    return 0 if config.namespace == root else None


def _fields(config: ProxyConfig) -> Json:
    """A ProxyConfig object in the words of the mesh's ``defaultConfig``."""
    fields = {
        "concurrency": config.concurrency,
        "proxyMetadata": dict(config.environment_variables) or None,
        "image": {"imageType": config.image.image_type} if config.image else None,
    }
    return {name: field for name, field in fields.items() if field is not None}
