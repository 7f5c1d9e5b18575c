"""By which names a cluster's proxies call it, out of the pods as they are stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from isthmus.analysis.decoding import UNNAMED, InjectorValues, Located

_PROXY = "istio-proxy"
_CLUSTER_ID = "ISTIO_META_CLUSTER_ID"


def reported_names(objects: Iterable[Located], injectors: list[InjectorValues]) -> frozenset[str]:
    """What its proxies say; in a cluster without proxies, what its injectors would make them say."""
    pods = (entry.written for entry in objects if entry.written.get("kind") == "Pod")
    said = frozenset(name for pod in pods for name in _said(pod))
    return said or frozenset(values.cluster or UNNAMED for values in injectors)


def _said(pod: Mapping[str, Any]) -> Iterator[str]:
    spec = pod.get("spec") or {}
    for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
        if container.get("name") == _PROXY:
            for variable in container.get("env") or ():
                if variable.get("name") == _CLUSTER_ID and variable.get("value"):
                    yield str(variable["value"])
