"""What analysis looks at: the objects of every cluster that could be read, decoded.

Knows which kinds are looked at. Does not know where they came from.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import msgspec

from isthmus.analysis.finding import Finding, Origin
from isthmus.api.config import Config
from isthmus.api.core_namespace import Namespace
from isthmus.api.core_pod import Pod
from isthmus.api.core_secret import ConfigMap, Secret
from isthmus.api.core_service import Service
from isthmus.api.core_webhook import WebhookConfiguration
from isthmus.api.destination_rule import DestinationRule
from isthmus.api.gateway import Gateway
from isthmus.api.mesh_config import MeshConfig
from isthmus.api.mesh_networks import MeshNetworks
from isthmus.api.service_entry import ServiceEntry
from isthmus.api.sidecar import Sidecar
from isthmus.api.virtual_service import VirtualService

T = TypeVar("T")

NETWORK_LABEL = "topology.istio.io/network"
DOMAIN = "cluster.local"


class Entry(msgspec.Struct, Generic[T], frozen=True):
    """An object and where it is."""

    origin: Origin
    value: T


class ClusterSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster. ``name`` is its cluster id.

    ``configuration`` is false for a cluster that was read through a remote secret: the mesh does not take its
    Istio objects from there. ``live`` is false for objects out of files only, where what is missing may simply
    not have been written down.
    """

    name: str
    live: bool = True
    configuration: bool = True
    services: tuple[Entry[Service], ...] = ()
    pods: tuple[Entry[Pod], ...] = ()
    namespaces: tuple[Entry[Namespace], ...] = ()
    secrets: tuple[Entry[Secret], ...] = ()
    config_maps: tuple[Entry[ConfigMap], ...] = ()
    injectors: tuple[Entry[WebhookConfiguration], ...] = ()
    gateways: tuple[Entry[Config[Gateway]], ...] = ()
    virtual_services: tuple[Entry[Config[VirtualService]], ...] = ()
    destination_rules: tuple[Entry[Config[DestinationRule]], ...] = ()
    service_entries: tuple[Entry[Config[ServiceEntry]], ...] = ()
    sidecars: tuple[Entry[Config[Sidecar]], ...] = ()
    written: tuple[Entry[dict[str, Any]], ...] = ()
    unreadable: frozenset[str] = frozenset()

    def namespace_labels(self, name: str) -> dict[str, str]:
        """Labels of a namespace; empty when it is not known."""
        found = (entry.value.metadata for entry in self.namespaces if entry.value.metadata.name == name)
        return dict(next((metadata.labels for metadata in found), {}))

    def running_pods(self) -> Iterator[Entry[Pod]]:
        """Pods that have not ended for good."""
        return (entry for entry in self.pods if not entry.value.terminal)


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The whole mesh as far as it could be read; the first cluster is the one that was asked."""

    clusters: tuple[ClusterSnapshot, ...]
    system_namespace: str = "istio-system"
    mesh: MeshConfig = MeshConfig()
    networks: MeshNetworks = MeshNetworks()
    reading: tuple[Finding, ...] = ()

    @property
    def own(self) -> ClusterSnapshot:
        """The cluster that was asked, whose Istio objects count."""
        return self.clusters[0]
