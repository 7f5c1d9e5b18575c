"""What is kept of a remote cluster: the rows that were read of it, but none of its Secrets (pure)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import msgspec

from isthmus.api.config import Config
from isthmus.api.core_endpoint_slice import EndpointSlice
from isthmus.api.core_meta import CoreMeta
from isthmus.api.core_namespace import Namespace
from isthmus.api.core_node import Node
from isthmus.api.core_pod import Pod
from isthmus.api.core_service import Service
from isthmus.api.gateway_api.gateway import Gateway
from isthmus.collections import Batch, Source
from isthmus.derive.endpoints import SliceKey
from isthmus.derive.sources import ObjectKey, Sources
from isthmus.model.service import ServiceKey
from isthmus.model.workload import WorkloadKey

_HISTORY = "kubectl.kubernetes.io/last-applied-configuration"


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster's rows, each kind ordered by key, so that equal clusters have equal records."""

    namespaces: tuple[Namespace, ...] = ()
    nodes: tuple[Node, ...] = ()
    services: tuple[Service, ...] = ()
    slices: tuple[EndpointSlice, ...] = ()
    pods: tuple[Pod, ...] = ()
    gateways: tuple[Config[Gateway], ...] = ()
    trust_domain: str = ""

    @property
    def uid(self) -> str:
        """Which cluster this is: the UID of its namespace kube-system, empty when that is not there."""
        return next((one.metadata.uid for one in self.namespaces if one.metadata.name == "kube-system"), "")


def kept_sources(sources: Sources) -> tuple[Source[Any, Any], ...]:
    """The sources that rows are kept of; each is partitioned by cluster."""
    return (
        sources.namespaces,
        sources.nodes,
        sources.services,
        sources.slices,
        sources.pods,
        sources.gateway_api.gateways,
        sources.trust_domains,
    )


def rows_of(sources: Sources, cluster: str) -> Rows:
    """What the graph knows of a cluster now."""
    return Rows(
        namespaces=tuple(_without_history(row) for row in _partition(sources.namespaces, cluster)),
        nodes=tuple(_partition(sources.nodes, cluster)),
        services=tuple(_without_history(row) for row in _partition(sources.services, cluster)),
        slices=tuple(_partition(sources.slices, cluster)),
        pods=tuple(_partition(sources.pods, cluster)),
        gateways=tuple(_partition(sources.gateway_api.gateways, cluster)),
        trust_domain=sources.trust_domains.get(cluster) or "",
    )


def batch_of(sources: Sources, cluster: str, rows: Rows) -> Batch:
    """The batch after which the graph knows exactly these rows of a cluster."""
    batch = Batch()
    batch.replace(sources.namespaces, cluster, {(cluster, row.metadata.name): row for row in rows.namespaces})
    batch.replace(sources.nodes, cluster, {(cluster, row.metadata.name): row for row in rows.nodes})
    _replace(batch, sources.services, cluster, ServiceKey, rows.services)
    _replace(batch, sources.slices, cluster, SliceKey, rows.slices)
    _replace(batch, sources.pods, cluster, WorkloadKey, rows.pods)
    gateways = {ObjectKey(cluster, row.namespace, row.name): _of(row, cluster) for row in rows.gateways}
    batch.replace(sources.gateway_api.gateways, cluster, gateways)
    batch.replace(sources.trust_domains, cluster, {cluster: rows.trust_domain} if rows.trust_domain else {})
    return batch


def _partition(source: Source[Any, Any], cluster: Hashable) -> Iterable[Any]:
    return (source.get(key) for key in sorted(source.partition(cluster)))


def _replace(batch: Batch, source: Source[Any, Any], cluster: str, key: Any, rows: Iterable[Any]) -> None:
    batch.replace(source, cluster, {key(cluster, row.metadata.namespace, row.metadata.name): row for row in rows})


def _of(row: Config[Gateway], cluster: str) -> Config[Gateway]:
    return row if row.cluster == cluster else msgspec.structs.replace(row, cluster=cluster)


def _without_history(row: Any) -> Any:
    """Nothing reads what an object was applied from, and it is as long as the object."""
    meta: CoreMeta = row.metadata
    if _HISTORY not in meta.annotations:
        return row
    annotations = {name: value for name, value in meta.annotations.items() if name != _HISTORY}
    return msgspec.structs.replace(row, metadata=msgspec.structs.replace(meta, annotations=annotations))
