"""Hosts that the mesh knows, and how short names in objects become full ones."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from isthmus.analysis.snapshot import DOMAIN, Snapshot
from isthmus.api.core_service import Service


class Hosts(msgspec.Struct, frozen=True):
    """Known hosts with their port numbers; wildcards of service entries are kept apart."""

    ports: Mapping[str, tuple[int, ...]]
    wildcards: tuple[str, ...]

    def knows(self, host: str) -> bool:
        """Whether a full name stands for a service or falls under a wildcard."""
        return host in self.ports or any(host.endswith(wildcard.removeprefix("*")) for wildcard in self.wildcards)


def full_name(host: str, namespace: str) -> str:
    """The full name of a host in an object of a namespace: only names without dots are short (Istio's rule)."""
    return host if "." in host or host.startswith("*") else f"{host}.{namespace}.svc.{DOMAIN}"


def service_host(service: Service) -> str:
    """The full name of a Kubernetes service."""
    return f"{service.metadata.name}.{service.metadata.namespace}.svc.{DOMAIN}"


def hosts_of(snapshot: Snapshot) -> Hosts:
    """The hosts of all clusters' services and of the own cluster's service entries."""
    ports: dict[str, tuple[int, ...]] = {}
    for cluster in snapshot.clusters:
        for service in cluster.services:
            numbers = tuple(port.port for port in service.value.spec.ports)
            ports.setdefault(service_host(service.value), numbers)
    wildcards: list[str] = []
    for entry in snapshot.own.service_entries:
        for host in entry.value.spec.hosts:
            if host.startswith("*"):
                wildcards.append(host)
            else:
                ports.setdefault(host, tuple(port.number for port in entry.value.spec.ports))
    return Hosts(ports, tuple(wildcards))
