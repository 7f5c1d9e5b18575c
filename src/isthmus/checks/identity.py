"""What must be equal in all clusters of a mesh, and what must not: names, trust, namespaces, time."""

from __future__ import annotations

from itertools import combinations

from isthmus.analysis.finding import Findings, Origin, found
from isthmus.checks.codes import (
    CLOCKS_DIFFER,
    CONTROL_PLANE_ELSEWHERE,
    MESH_IDS_DIFFER,
    NAME_TAKEN_TWICE,
    TRUST_DOMAINS_DIFFER,
)
from isthmus.checks.facts import Fleet, Member

TOLERATED = 5.0
"""Seconds by which clocks may differ: an API server's Date header has whole seconds, and answers take time."""


def identity(fleet: Fleet) -> Findings:
    """ISM0210 to ISM0214."""
    for member in fleet.members:
        yield from _elsewhere(fleet, member)
    for one, two in combinations(fleet.members, 2):
        yield from _names(fleet, one, two)
        if one.control_plane_namespaces() and two.control_plane_namespaces():
            yield from _trust(fleet, one, two)
        yield from _clocks(one, two)


def _names(fleet: Fleet, one: Member, two: Member) -> Findings:
    if shared := sorted(one.reported & two.reported):
        origin = Origin(one.name, "Namespace", "", fleet.system_namespace)
        yield found(NAME_TAKEN_TWICE, origin, shared[0], one.context or one.uid, two.context or two.uid)
    meshes = (one.injector.mesh, two.injector.mesh)
    if all(meshes) and meshes[0] != meshes[1]:
        origin = Origin(two.name, "ConfigMap", fleet.system_namespace, "istio-sidecar-injector", field="data.values")
        yield found(MESH_IDS_DIFFER, origin, one.name, two.name, *meshes)


def _trust(fleet: Fleet, one: Member, two: Member) -> Findings:
    ours, theirs = one.mesh, two.mesh
    if ours.trust_domain not in theirs.trust_domains or theirs.trust_domain not in ours.trust_domains:
        origin = Origin(two.name, "ConfigMap", fleet.system_namespace, "istio", field="data.mesh")
        yield found(TRUST_DOMAINS_DIFFER, origin, one.name, two.name, ours.trust_domain, theirs.trust_domain)


def _elsewhere(fleet: Fleet, member: Member) -> Findings:
    where = member.control_plane_namespaces()
    if where and fleet.system_namespace not in where:
        for namespace in sorted(where):
            origin = Origin(member.name, "Namespace", "", namespace)
            yield found(CONTROL_PLANE_ELSEWHERE, origin, namespace, fleet.system_namespace)


def _clocks(one: Member, two: Member) -> Findings:
    if one.ahead is None or two.ahead is None:
        return
    first, last = sorted((one, two), key=lambda member: -(member.ahead or 0.0))
    difference = (first.ahead or 0.0) - (last.ahead or 0.0)
    if difference > TOLERATED:
        yield found(CLOCKS_DIFFER, Origin(first.name, "Cluster", "", first.name), first.name, difference, last.name)
