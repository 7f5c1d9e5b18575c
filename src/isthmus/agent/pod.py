"""The pod that the agent runs in: names, addresses, labels and annotations.

Knows: the downward API's variables and files (contract with the injection templates).
Does not know the Kubernetes API.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_UNSTABLE_LABELS = frozenset({"pod-template-hash"})  # changes with every rollout and means nothing to a mesh


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod. ``addresses`` starts with the one that Kubernetes reports; it may be empty."""

    name: str
    namespace: str
    service_account: str
    addresses: tuple[str, ...]
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


def parse_downward_file(text: str) -> dict[str, str]:
    """Lines ``key="quoted value"`` of a downward API volume; lines of another form are left out."""
    result: dict[str, str] = {}
    for line in text.splitlines():
        key, separator, quoted = line.partition("=")
        if separator:
            result[key.strip()] = _unquote(quoted.strip())
    return result


def _unquote(quoted: str) -> str:
    try:
        value = json.loads(quoted, strict=False)
    except ValueError:
        return quoted.strip('"')
    return value if isinstance(value, str) else quoted


def read_labels(path: Path) -> dict[str, str]:
    """The pod's labels without those that change with every rollout; empty when the volume is not mounted."""
    return {key: value for key, value in read_downward_file(path).items() if key not in _UNSTABLE_LABELS}


def read_downward_file(path: Path) -> dict[str, str]:
    """A file of the downward API volume; empty when it does not exist."""
    try:
        return parse_downward_file(path.read_text())
    except FileNotFoundError:
        return {}
