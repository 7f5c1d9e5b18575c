"""Kubernetes objects for tests of derivation: YAML in, rows in the sources of a strict graph."""

from __future__ import annotations

from typing import Any

import msgspec
import yaml

from isthmus.api.core_endpoint_slice import EndpointSlice
from isthmus.api.core_namespace import Namespace
from isthmus.api.core_node import Node
from isthmus.api.core_pod import Pod
from isthmus.api.core_service import Service
from isthmus.api.mesh_config import MeshConfig
from isthmus.api.mesh_networks import MeshNetworks
from isthmus.collections import Batch, Graph
from isthmus.derive.domain import Domain
from isthmus.derive.endpoints import SliceKey
from isthmus.derive.kubernetes import Identity, declare_domain
from isthmus.derive.sources import Sources, declare_sources
from isthmus.model.service import ServiceKey
from isthmus.model.workload import WorkloadKey

_KINDS: dict[str, tuple[str, Any, Any]] = {
    "Namespace": ("namespaces", Namespace, lambda c, ns, name: (c, name)),
    "Node": ("nodes", Node, lambda c, ns, name: (c, name)),
    "Pod": ("pods", Pod, WorkloadKey),
    "Service": ("services", Service, ServiceKey),
    "EndpointSlice": ("slices", EndpointSlice, SliceKey),
}


class Mesh:
    """A graph down to the domain, seen from cluster ``c1``."""

    def __init__(self) -> None:
        self.graph = Graph(strict=True)
        self.sources: Sources = declare_sources(self.graph)
        self.domain: Domain = declare_domain(self.graph, self.sources, Identity("c1"))
        batch = Batch()
        batch.put(self.sources.mesh, "", MeshConfig())
        batch.put(self.sources.mesh_networks, "", MeshNetworks())
        self.graph.apply(batch)

    def apply(self, cluster: str, text: str, *, delete: bool = False) -> None:
        """Adds, changes or deletes the objects in a YAML text."""
        batch = Batch()
        for item in yaml.safe_load_all(text):
            attribute, wire, key_of = _KINDS[item["kind"]]
            metadata = item["metadata"]
            source = getattr(self.sources, attribute)
            key = key_of(cluster, metadata.get("namespace", ""), metadata["name"])
            if delete:
                batch.delete(source, key)
            else:
                batch.put(source, key, msgspec.convert(item, wire))
        self.graph.apply(batch)

    def set_networks(self, networks: dict[str, Any]) -> None:
        """Replaces ``meshNetworks``."""
        batch = Batch()
        batch.put(self.sources.mesh_networks, "", msgspec.convert({"networks": networks}, MeshNetworks))
        self.graph.apply(batch)


def service(name: str, **changes: Any) -> str:
    """A Service in namespace ``sample`` as YAML; keyword arguments go into its spec."""
    spec = {"clusterIP": "10.96.0.10", "selector": {"app": name}, "ports": [{"name": "http", "port": 5000}]} | changes
    labels = spec.pop("labels", {})
    return yaml.safe_dump(
        {
            "kind": "Service",
            "metadata": {"name": name, "namespace": "sample", "labels": labels},
            "spec": spec,
            "status": spec.pop("status", {}),
        }
    )


def pod(name: str, ip: str, **labels: str) -> str:
    """A pod in namespace ``sample`` on node ``n1`` as YAML."""
    return yaml.safe_dump(
        {
            "kind": "Pod",
            "metadata": {
                "name": name,
                "namespace": "sample",
                "labels": {"app": "hello", **labels},
                "ownerReferences": [{"kind": "ReplicaSet", "name": "hello-v1-abc", "controller": True}],
            },
            "spec": {"nodeName": "n1", "serviceAccountName": "hello"},
            "status": {"podIP": ip, "podIPs": [{"ip": ip}], "phase": "Running"},
        }
    )


def endpoint_slice(service_name: str, *pods: tuple[str, str], ready: bool | None = True) -> str:
    """An EndpointSlice of (pod name, address) pairs as YAML."""
    return yaml.safe_dump(
        {
            "kind": "EndpointSlice",
            "metadata": {
                "name": f"{service_name}-1",
                "namespace": "sample",
                "labels": {"kubernetes.io/service-name": service_name},
            },
            "ports": [{"name": "http", "port": 5000}],
            "endpoints": [
                {
                    "addresses": [address],
                    "conditions": {"ready": ready},
                    "targetRef": {"kind": "Pod", "namespace": "sample", "name": name},
                }
                for name, address in pods
            ],
        }
    )
