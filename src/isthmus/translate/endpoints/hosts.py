"""Hosts and groups: endpoints on their way to becoming a load assignment."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from isthmus.api.wire import Labels
from isthmus.model.endpoint import Endpoint, Health
from isthmus.model.locality import Locality

MAX_WEIGHT = 0xFFFFFFFF


class Host(msgspec.Struct, frozen=True):
    """One address that a client connects to: an endpoint, or a gateway that stands for several."""

    address: str
    port: int
    weight: int
    mesh_tls: bool
    workload: str  # "<workload>;<namespace>;<canonical name>;<canonical revision>;<cluster>"
    labels: Labels
    draining: bool = False
    generation: int = 0  # of a gateway; clients renew their connections to it when this changes


class Group(msgspec.Struct, frozen=True):
    """Hosts of one locality and priority. ``weight`` None: nothing to send here."""

    locality: Locality
    hosts: tuple[Host, ...]
    priority: int = 0
    weight: int | None = None


def host(endpoint: Endpoint, weight: int, *, mesh_tls: bool) -> Host:
    """An endpoint at its own address."""
    return Host(
        address=endpoint.address,
        port=endpoint.port,
        weight=weight,
        mesh_tls=mesh_tls,
        workload=workload(endpoint),
        labels=endpoint.labels,
        draining=endpoint.health is Health.DRAINING,
    )


def group(locality: Locality, hosts: Iterable[Host], priority: int = 0) -> Group:
    """A group that weighs as much as its hosts together."""
    members = tuple(hosts)
    weight = min(sum(member.weight for member in members), MAX_WEIGHT)
    return Group(locality, members, priority, weight or None)


def workload(endpoint: Endpoint) -> str:
    """What telemetry wants to know of an endpoint; the revision ``latest`` is left out."""
    revision = "" if endpoint.canonical_revision == "latest" else endpoint.canonical_revision
    return ";".join((endpoint.workload, endpoint.namespace, endpoint.canonical_name, revision, endpoint.cluster))
