"""Whether a pod is injected.

Knows: Istio's order of rules. Does not know the webhook's own selectors, by which the API server chose to ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus.api.core_selector import Selector
from isthmus.inject import metadata
from isthmus.inject.configuration import InjectorConfig

IGNORED_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease", "local-path-storage"})

Json = dict[str, Any]


def is_injected(pod: Json, namespace: str, config: InjectorConfig) -> bool:
    """Host network and system namespaces never; then the pod's own word, the selectors, and the policy."""
    if (pod.get("spec") or {}).get("hostNetwork") or namespace in IGNORED_NAMESPACES:
        return False
    labels = metadata.labels_of(pod)
    word = labels.get(metadata.INJECT, metadata.annotations_of(pod).get(metadata.INJECT, ""))
    if metadata.is_true(word):
        return True
    if metadata.is_false(word):
        return False
    if any(_selects(selector, labels) for selector in config.never_inject_selector):
        return False
    if any(_selects(selector, labels) for selector in config.always_inject_selector):
        return True
    return config.policy == "enabled"


def _selects(selector: Selector, labels: Mapping[str, str]) -> bool:
    """An empty selector chooses no pod here (Istio's rule), unlike elsewhere in Kubernetes."""
    return bool(selector.match_labels or selector.match_expressions) and selector.selects(labels)
