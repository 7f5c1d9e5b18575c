"""Whether an upgrade is one that keeps a mesh running: which versions run, and which steps are safe.

Knows the rule that control planes and proxies of neighbouring minor versions work together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from isthmus.kube import kinds
from isthmus.kube.client import Client, Query

_NUMBERS = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")
_VERSION_LABELS = ("operator.istio.io/version", "app.kubernetes.io/version")


class Running(msgspec.Struct, frozen=True):
    """An installed control plane."""

    namespace: str
    name: str
    revision: str
    version: str


async def running_control_planes(client: Client, namespace: str) -> list[Running]:
    """The control planes of a namespace."""
    found = await client.list(kinds.DEPLOYMENT, Query(namespace, labels="app=istiod"))
    return [
        Running(namespace, each["metadata"]["name"], labels.get("istio.io/rev", "default"), _version(labels))
        for each in found.items
        for labels in (each["metadata"].get("labels") or {},)
    ]


def _version(labels: dict[str, str]) -> str:
    return next((labels[label] for label in _VERSION_LABELS if labels.get(label)), "unknown")


def obstacles(running: Sequence[Running], revision: str, target: str) -> list[str]:
    """What speaks against taking these control planes to version `target`, one sentence each.

    A new revision stands beside the others, which stay; in place (the same revision) a step may not go back, and
    not over a minor version: proxies of the version before last would be left alone.
    """
    found = []
    for each in running:
        step = _step(each.version, target)
        if each.revision == revision and step < 0:
            found.append(f"{each.name} has version {each.version}, which is newer than {target}")
        elif step > 1:
            found.append(
                f"{each.name} has version {each.version}: {target} is {step} minor versions ahead; go one at a time"
            )
    return found


def _step(current: str, target: str) -> int:
    """Minor versions from one to the other; -1 for every step back, 0 where a version cannot be read."""
    before, after = (_NUMBERS.match(version) for version in (current, target))
    if before is None or after is None:
        return 0
    old, new = (tuple(int(number or 0) for number in found.groups()) for found in (before, after))
    if new < old:
        return -1
    return new[1] - old[1] if new[0] == old[0] else max(2, new[0] - old[0])
