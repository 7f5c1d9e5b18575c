"""Services of one name in several clusters, which the mesh merges into one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from isthmus.analysis.cluster_codes import SERVICE_MISSING_IN_CALLING_CLUSTER
from isthmus.analysis.codes import INCONSISTENT_SERVICE
from isthmus.analysis.finding import Findings, found
from isthmus.analysis.namespaces import SYSTEM
from isthmus.analysis.snapshot import NETWORK_LABEL, Entry, Snapshot
from isthmus.api.core_service import Service

Copies = list[Entry[Service]]


def consistency(snapshot: Snapshot) -> Findings:
    """IST0165 for services whose ports, kind or selector differ; ISM0112 for those that a cluster lacks."""
    if len(snapshot.clusters) < 2:
        return
    for (namespace, name), several in copies(snapshot).items():
        first = several[0]
        if differences := sorted(set(_differences(first.value, [entry.value for entry in several[1:]]))):
            present = sorted({entry.origin.cluster for entry in several})
            yield found(INCONSISTENT_SERVICE, first.origin, name, namespace, present, "; ".join(differences))
    yield from missing(snapshot)


def missing(snapshot: Snapshot) -> Findings:
    """ISM0112 for services that are not in every cluster from which they may be called."""
    everywhere = {cluster.name for cluster in snapshot.clusters}
    for (namespace, _), several in copies(snapshot).items():
        present = {entry.origin.cluster for entry in several}
        if present != everywhere and _joined(snapshot, namespace):
            lacking = ", ".join(sorted(everywhere - present))
            yield found(SERVICE_MISSING_IN_CALLING_CLUSTER, several[0].origin, ", ".join(sorted(present)), lacking)


def copies(snapshot: Snapshot) -> dict[tuple[str, str], Copies]:
    """Services by namespace and name; those of the system and gateways of networks differ on purpose."""
    skipped = SYSTEM | {snapshot.system_namespace}
    found: dict[tuple[str, str], Copies] = defaultdict(list)
    for cluster in snapshot.clusters:
        for entry in cluster.services:
            own = (entry.origin.namespace, entry.origin.name) == ("default", "kubernetes")
            if entry.origin.namespace in skipped or own or NETWORK_LABEL in entry.value.metadata.labels:
                continue
            found[entry.origin.namespace, entry.origin.name].append(entry)
    return dict(sorted(found.items()))


def _differences(first: Service, others: list[Service]) -> Iterator[str]:
    for other in others:
        if first.spec.type != other.spec.type:
            yield f"service type {first.spec.type} and {other.spec.type}"
        if first.headless != other.headless:
            yield "headless in one cluster only"
        if _ports(first) != _ports(other):
            yield f"ports {_text(first)} and {_text(other)}"


def _ports(service: Service) -> set[tuple[str, int, str]]:
    return {(port.name, port.port, port.app_protocol or "") for port in service.spec.ports}


def _text(service: Service) -> str:
    return ",".join(f"{port.name}:{port.port}".lstrip(":") for port in service.spec.ports)


def _joined(snapshot: Snapshot, namespace: str) -> bool:
    """Whether the namespace has workloads of the mesh in every cluster: then calls cross clusters."""
    labels = (cluster.namespace_labels(namespace) for cluster in snapshot.clusters)
    return all("istio-injection" in found or "istio.io/rev" in found for found in labels)
