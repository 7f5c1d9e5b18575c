"""Services: port names, and services that disagree about the same pods."""

from __future__ import annotations

from collections import defaultdict

from isthmus.analysis.codes import CONFLICTING_PORTS, CONFLICTING_PROTOCOLS, PORT_NAME
from isthmus.analysis.finding import Findings, Origin, found
from isthmus.analysis.namespaces import SYSTEM, has_proxy
from isthmus.analysis.snapshot import ClusterSnapshot, Snapshot
from isthmus.api.core_pod import Pod
from isthmus.api.core_service import Service, ServicePort
from isthmus.api.selector import matches
from isthmus.derive.protocols import port_protocol
from isthmus.model.service import Protocol


def services(snapshot: Snapshot) -> Findings:
    """IST0116, IST0118, IST0137 for the own cluster."""
    skipped = SYSTEM | {snapshot.system_namespace}
    for entry in snapshot.own.services:
        if entry.value.metadata.namespace not in skipped:
            yield from _port_names(entry.origin, entry.value)
    yield from _disagreements(snapshot.own, skipped)


def protocol_of(port: ServicePort) -> Protocol:
    """What a port carries, by appProtocol or name."""
    return port_protocol(port.port, port.name, port.app_protocol or "", port.protocol)


def _port_names(origin: Origin, service: Service) -> Findings:
    if service.spec.type == "ExternalName":
        return
    for port in service.spec.ports:
        if port.protocol == "TCP" and protocol_of(port) is Protocol.AUTO:
            yield found(PORT_NAME, origin, port.name or '""', port.port, port.target_port or port.port)


def _disagreements(cluster: ClusterSnapshot, skipped: frozenset[str]) -> Findings:
    for origin, pod in _workloads(cluster, skipped).items():
        selecting = [entry.value for entry in cluster.services if _selects(entry.value, pod)]
        by_number: dict[int, dict[Protocol, str]] = defaultdict(dict)
        by_target: dict[str, dict[int, str]] = defaultdict(dict)
        for service in selecting:
            for port in service.spec.ports:
                by_number[port.port].setdefault(protocol_of(port), service.metadata.name)
                by_target[str(port.target_port or port.port)].setdefault(port.port, service.metadata.name)
        for number, protocols in sorted(by_number.items()):
            if len(protocols) > 1:
                names = sorted(f"{name} ({protocol})" for protocol, name in protocols.items())
                yield found(CONFLICTING_PROTOCOLS, origin, origin.name, number, names)
        for target, numbers in sorted(by_target.items()):
            if len(set(numbers.values())) > 1:
                about = (origin.name, sorted(set(numbers.values())), target, sorted(numbers))
                yield found(CONFLICTING_PORTS, origin, *about)


def _workloads(cluster: ClusterSnapshot, skipped: frozenset[str]) -> dict[Origin, Pod]:
    """One pod of each workload in the mesh."""
    pods: dict[Origin, Pod] = {}
    for entry in cluster.running_pods():
        pod = entry.value
        if pod.metadata.namespace in skipped or not has_proxy(pod):
            continue
        kind, name = pod.workload
        pods.setdefault(Origin(cluster.name, kind, pod.metadata.namespace, name), pod)
    return pods


def _selects(service: Service, pod: Pod) -> bool:
    same = service.metadata.namespace == pod.metadata.namespace
    return same and bool(service.spec.selector) and matches(service.spec.selector, pod.metadata.labels)
