"""Services of one name in several clusters, which the mesh merges into one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from isthmus.analysis.codes import INCONSISTENT_SERVICE, SERVICE_MISSING_IN_CALLING_CLUSTER
from isthmus.analysis.finding import Findings, found
from isthmus.analysis.namespaces import SYSTEM
from isthmus.analysis.snapshot import NETWORK_LABEL, Entry, Snapshot
from isthmus.api.core_service import Service


def consistency(snapshot: Snapshot) -> Findings:
    """IST0165 for services whose ports, kind or selector differ; ISM0112 for those that a cluster lacks."""
    if len(snapshot.clusters) < 2:
        return
    everywhere = {cluster.name for cluster in snapshot.clusters}
    for (namespace, name), copies in sorted(_copies(snapshot).items()):
        first = copies[0]
        present = {entry.origin.cluster for entry in copies}
        if differences := sorted(set(_differences(first.value, [entry.value for entry in copies[1:]]))):
            about = (name, namespace, sorted(present), "; ".join(differences))
            yield found(INCONSISTENT_SERVICE, first.origin, *about)
        if present != everywhere and _joined(snapshot, namespace):
            missing = ", ".join(sorted(everywhere - present))
            yield found(SERVICE_MISSING_IN_CALLING_CLUSTER, first.origin, ", ".join(sorted(present)), missing)


def _copies(snapshot: Snapshot) -> dict[tuple[str, str], list[Entry[Service]]]:
    """Services by namespace and name; those of the system and gateways of networks differ on purpose."""
    skipped = SYSTEM | {snapshot.system_namespace}
    copies: dict[tuple[str, str], list[Entry[Service]]] = defaultdict(list)
    for cluster in snapshot.clusters:
        for entry in cluster.services:
            own = (entry.origin.namespace, entry.origin.name) == ("default", "kubernetes")
            if entry.origin.namespace in skipped or own or NETWORK_LABEL in entry.value.metadata.labels:
                continue
            copies[entry.origin.namespace, entry.origin.name].append(entry)
    return copies


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
