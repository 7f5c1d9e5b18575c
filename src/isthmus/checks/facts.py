"""What was seen of clusters and of the ways between them, at one moment.

Knows no rules. Times are seconds.
"""

from __future__ import annotations

import msgspec

from isthmus.analysis.decoding import InjectorValues
from isthmus.analysis.finding import Finding, Origin
from isthmus.analysis.remote_secrets import RemoteCluster
from isthmus.analysis.snapshot import ClusterSnapshot, Snapshot
from isthmus.api.core_endpoint_slice import EndpointSlice
from isthmus.api.mesh_config import MeshConfig
from isthmus.api.mesh_networks import MeshNetworks

CONTROL_PLANE = ("app", "istiod")
"""The label of a control plane's pods."""


class Link(msgspec.Struct, frozen=True):
    """A key of a remote secret and what came of using it. ``uid`` is empty when the cluster cannot be read."""

    remote: RemoteCluster
    uid: str = ""
    findings: tuple[Finding, ...] = ()


class Probe(msgspec.Struct, frozen=True):
    """A pod that was created as a dry run in a namespace: the API server's refusal, or whether it got a proxy."""

    namespace: Origin
    injected: bool = False
    refusal: str = ""


class Word(msgspec.Struct, frozen=True):
    """What a control plane pod says of a cluster that it is told to read."""

    pod: Origin
    cluster: str
    state: str
    error: str = ""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster.

    ``uid`` tells clusters apart whatever they are called. ``context`` is empty for one that was reached through a
    remote secret. ``reported`` are the names by which its proxies and its control plane call it. ``ahead`` is by how
    much its clock is ahead of this machine's; None when it did not say.
    """

    snapshot: ClusterSnapshot
    uid: str
    context: str = ""
    reported: frozenset[str] = frozenset()
    injector: InjectorValues = InjectorValues()
    mesh: MeshConfig = MeshConfig()
    networks: MeshNetworks = MeshNetworks()
    slices: tuple[EndpointSlice, ...] = ()
    links: tuple[Link, ...] = ()
    probes: tuple[Probe, ...] = ()
    words: tuple[Word, ...] = ()
    ahead: float | None = None

    @property
    def name(self) -> str:
        """Its cluster id."""
        return self.snapshot.name

    @property
    def option(self) -> str:
        """How commands are told to use this cluster."""
        return f"--context={self.context or self.name}"

    def control_plane_namespaces(self) -> frozenset[str]:
        """Where pods of a control plane run."""
        label, value = CONTROL_PLANE
        pods = (entry.value.metadata for entry in self.snapshot.running_pods())
        return frozenset(pod.namespace for pod in pods if pod.labels.get(label) == value)


class Fleet(msgspec.Struct, frozen=True):
    """All clusters that were looked at; those named by contexts first."""

    members: tuple[Member, ...]
    system_namespace: str = "istio-system"

    def member(self, uid: str) -> Member | None:
        """The cluster of that UID, when it was looked at."""
        return next((member for member in self.members if member.uid == uid), None)

    @property
    def snapshot(self) -> Snapshot:
        """The clusters as analyzers see them, with the mesh settings of the first."""
        first = self.members[0]
        return Snapshot(
            clusters=tuple(member.snapshot for member in self.members),
            system_namespace=self.system_namespace,
            mesh=first.mesh,
            networks=first.networks,
        )
