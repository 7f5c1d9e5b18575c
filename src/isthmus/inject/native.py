"""Whether the proxy runs as a native sidecar: an init container that keeps running.

Knows: which nodes can do it, and who decides. Does not know how versions are learnt.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from isthmus.inject import metadata

Json = dict[str, Any]

AUTO = "auto"
_FIRST_VERSION = (1, 33)  # where Kubernetes has declared native sidecars stable
_VERSION = re.compile(r"^v?(\d+)\.(\d+)")


def native_sidecar(pod: Json, mode: str, kubelets: Mapping[str, str]) -> bool:
    """The pod's annotation, else the mode (``true``, ``false`` or ``auto``).

    ``auto`` means: the pod's node, or every node, has a kubelet (version by node name) that supports it.
    """
    word = metadata.annotations_of(pod).get(metadata.NATIVE_SIDECAR, mode)
    if metadata.is_true(word) or metadata.is_false(word):
        return metadata.is_true(word)
    node = str((pod.get("spec") or {}).get("nodeName", ""))
    concerned = [kubelets[node]] if node in kubelets else list(kubelets.values())
    return bool(concerned) and all(_supports(version) for version in concerned)


def _supports(version: str) -> bool:
    found = _VERSION.match(version)
    return found is not None and (int(found[1]), int(found[2])) >= _FIRST_VERSION
