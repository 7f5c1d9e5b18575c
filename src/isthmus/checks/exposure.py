"""Gateways of networks: whether something passes calls on behind their addresses."""

from __future__ import annotations

from collections.abc import Iterator

from isthmus.analysis.finding import Findings, found
from isthmus.analysis.networks import gateway_port, gateway_services
from isthmus.analysis.snapshot import NETWORK_LABEL, Entry
from isthmus.api.core_pod import Pod
from isthmus.api.core_service import Service
from isthmus.api.gateway import Gateway
from isthmus.api.selector import matches
from isthmus.checks.codes import EXPOSED_BY_NOBODY, EXPOSES_NOTHING, GATEWAY_WITHOUT_PODS
from isthmus.checks.facts import Fleet, Member

_GATEWAY_API = "gateway.networking.k8s.io/gateway-name"


def exposure(fleet: Fleet) -> Findings:
    """ISM0220 to ISM0222."""
    for member in fleet.members:
        for entry in gateway_services(member.snapshot):
            if not _managed(entry.value):
                yield from _gateway(fleet, member, entry)
    for member in fleet.members:
        if member.control_plane_namespaces():
            yield from _idle(fleet, member)


def _managed(service: Service) -> bool:
    """Without a selector it stands for something outside; a Kubernetes Gateway says by itself what it passes on."""
    return not service.spec.selector or _GATEWAY_API in service.metadata.labels


def _gateway(fleet: Fleet, member: Member, entry: Entry[Service]) -> Findings:
    service = entry.value
    network, port = service.metadata.labels[NETWORK_LABEL], gateway_port(service)
    pods = [pod for pod in _pods(member) if _serves(service, pod)]
    if "Pod" not in member.snapshot.unreadable and not any(pod.ready for pod in pods):
        yield found(GATEWAY_WITHOUT_PODS, entry.origin, network, member.option, entry.origin.namespace)
        return
    planes = list(_configuring(fleet, member))
    if not planes or any("Gateway" in plane.snapshot.unreadable for plane in planes):
        return
    rows = (row for source in (member, *planes, *_read_by(fleet, planes)) for row in source.snapshot.gateways)
    if not any(passes(row.value.spec, port) and _selects_all(row.value.spec, pods) for row in rows):
        where = (planes[0].option, fleet.system_namespace)
        yield found(EXPOSES_NOTHING, entry.origin, port, network, *where)


def _configuring(fleet: Fleet, member: Member) -> Iterator[Member]:
    """The clusters whose control planes a cluster's gateway takes its configuration from."""
    if member.control_plane_namespaces():
        yield member
        return
    for other in fleet.members:
        if other.control_plane_namespaces() and member.uid in {link.uid for link in other.links}:
            yield other


def _read_by(fleet: Fleet, planes: list[Member]) -> Iterator[Member]:
    """The clusters that control planes read: an external one takes its configuration from one of them."""
    targets = (fleet.member(link.uid) for plane in planes for link in plane.links)
    return (target for target in targets if target is not None)


def passes(gateway: Gateway, port: str) -> bool:
    """Whether it hands calls on by server name at a port."""
    return any(
        str(server.port.number) == port and server.tls is not None and server.tls.mode == "AUTO_PASSTHROUGH"
        for server in gateway.servers
    )


def _idle(fleet: Fleet, member: Member) -> Findings:
    """Exposing Gateways that select no pod of any cluster which this control plane configures."""
    configured = [other for other in fleet.members if any(plane is member for plane in _configuring(fleet, other))]
    if any("Pod" in other.snapshot.unreadable for other in configured):
        return
    pods = [pod for other in configured for pod in _pods(other)]
    for row in member.snapshot.gateways:
        spec = row.value.spec
        exposing = any(server.tls and server.tls.mode == "AUTO_PASSTHROUGH" for server in spec.servers)
        if exposing and not any(matches(spec.selector, pod.metadata.labels) for pod in pods):
            text = ",".join(f"{key}={value}" for key, value in sorted(spec.selector.items()))
            yield found(EXPOSED_BY_NOBODY, row.origin.at("spec.selector"), text)


def _pods(member: Member) -> Iterator[Pod]:
    return (entry.value for entry in member.snapshot.running_pods())


def _serves(service: Service, pod: Pod) -> bool:
    same = service.metadata.namespace == pod.metadata.namespace
    return same and matches(service.spec.selector, pod.metadata.labels)


def _selects_all(gateway: Gateway, pods: list[Pod]) -> bool:
    return all(matches(gateway.selector, pod.metadata.labels) for pod in pods)
