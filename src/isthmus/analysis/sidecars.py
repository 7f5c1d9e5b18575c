"""Sidecars that contradict each other or select nothing."""

from __future__ import annotations

from collections import defaultdict

from isthmus.analysis.codes import CONFLICTING_SIDECARS, NO_WORKLOADS, SEVERAL_DEFAULT_SIDECARS
from isthmus.analysis.finding import Findings, found
from isthmus.analysis.snapshot import Entry, Snapshot
from isthmus.api.config import Config
from isthmus.api.core_pod import Pod
from isthmus.api.sidecar import Sidecar

Row = Entry[Config[Sidecar]]


def sidecars(snapshot: Snapshot) -> Findings:
    """IST0110, IST0111, IST0127."""
    by_namespace: dict[str, list[Row]] = defaultdict(list)
    for row in snapshot.own.sidecars:
        by_namespace[row.value.namespace].append(row)
    for namespace, rows in sorted(by_namespace.items()):
        general = [row for row in rows if not _labels(row)]
        if len(general) > 1:
            names = sorted(row.value.name for row in general)
            for row in general:
                yield found(SEVERAL_DEFAULT_SIDECARS, row.origin, names, namespace)
        pods = [e.value for e in snapshot.own.running_pods() if e.value.metadata.namespace == namespace]
        chosen = [row for row in rows if _labels(row)]
        if snapshot.own.live or pods:
            yield from _unused(chosen, pods)
        yield from _rivals(namespace, chosen, pods)


def _labels(row: Row) -> dict[str, str]:
    selector = row.value.spec.workload_selector
    return dict(selector.labels) if selector else {}


def _selected(row: Row, pods: list[Pod]) -> list[Pod]:
    selector = row.value.spec.workload_selector
    return [pod for pod in pods if selector and selector.selects(pod.metadata.labels)]


def _unused(rows: list[Row], pods: list[Pod]) -> Findings:
    for row in rows:
        if not _selected(row, pods):
            text = ",".join(f"{key}={value}" for key, value in sorted(_labels(row).items()))
            yield found(NO_WORKLOADS, row.origin, text)


def _rivals(namespace: str, rows: list[Row], pods: list[Pod]) -> Findings:
    claims: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        for pod in _selected(row, pods):
            claims[pod.metadata.name].append(row)
    for pod_name, rivals in sorted(claims.items()):
        if len(rivals) > 1:
            names = sorted(row.value.name for row in rivals)
            for row in rivals:
                yield found(CONFLICTING_SIDECARS, row.origin, names, namespace, pod_name)
