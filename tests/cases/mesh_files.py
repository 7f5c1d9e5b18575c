"""A mesh from one YAML file: Kubernetes objects of each cluster, Istio configuration, and proxies in some pods.

The file goes through the same derivations as live clusters do; only the API servers are missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from isthmus.api.authorization_policy import AuthorizationPolicy
from isthmus.api.config import Config
from isthmus.api.core_endpoint_slice import EndpointSlice
from isthmus.api.core_namespace import Namespace
from isthmus.api.core_node import Node
from isthmus.api.core_pod import Pod
from isthmus.api.core_service import Service
from isthmus.api.destination_rule import DestinationRule
from isthmus.api.gateway import Gateway
from isthmus.api.gateway_api.connection_routes import TcpRoute, TlsRoute
from isthmus.api.gateway_api.gateway import Gateway as KubernetesGateway
from isthmus.api.gateway_api.gateway_class import GatewayClass
from isthmus.api.gateway_api.grpc_route import GrpcRoute
from isthmus.api.gateway_api.http_route import HttpRoute
from isthmus.api.gateway_api.reference_grant import ReferenceGrant
from isthmus.api.gateway_api.references import GROUP
from isthmus.api.mesh_config import MeshConfig
from isthmus.api.mesh_networks import MeshNetworks
from isthmus.api.peer_authentication import PeerAuthentication
from isthmus.api.sidecar import Sidecar
from isthmus.api.virtual_service import VirtualService
from isthmus.collections import Batch, Graph
from isthmus.derive.discovery import Discovery, build
from isthmus.derive.domain import Domain
from isthmus.derive.endpoints import SliceKey
from isthmus.derive.kubernetes import Identity, declare_domain
from isthmus.derive.sources import ObjectKey, Sources, declare_sources
from isthmus.model.locality import Locality
from isthmus.model.proxy import Credential, CredentialKey, Proxy, ProxyKind, SecretAccess
from isthmus.model.service import ServiceKey
from isthmus.model.status import StatusKey
from isthmus.model.workload import WorkloadKey

_PROJECT = Path(__file__).parents[2]
NETWORK = "topology.istio.io/network"
KINDS: Mapping[str, tuple[str, type[Any]]] = {
    "Gateway": ("gateways", Gateway),
    "VirtualService": ("virtual_services", VirtualService),
    "DestinationRule": ("destination_rules", DestinationRule),
    "PeerAuthentication": ("peer_authentications", PeerAuthentication),
    "AuthorizationPolicy": ("authorization_policies", AuthorizationPolicy),
    "Sidecar": ("sidecars", Sidecar),
}
GATEWAY_API: Mapping[str, type[Any]] = {
    "GatewayClass": GatewayClass,
    "Gateway": KubernetesGateway,
    "HTTPRoute": HttpRoute,
    "GRPCRoute": GrpcRoute,
    "TLSRoute": TlsRoute,
    "TCPRoute": TcpRoute,
    "ReferenceGrant": ReferenceGrant,
}
CORE: Mapping[str, tuple[str, type[Any], type[Any]]] = {
    "Pod": ("pods", Pod, WorkloadKey),
    "Service": ("services", Service, ServiceKey),
    "EndpointSlice": ("slices", EndpointSlice, SliceKey),
}


class Mesh:
    """Sources, domain and discovery of one graph."""

    def __init__(self, own_cluster: str = "cluster1") -> None:
        self.graph = Graph(strict=True)
        self.sources: Sources = declare_sources(self.graph)
        self.domain: Domain = declare_domain(self.graph, self.sources, Identity(own_cluster))
        self.discovery: Discovery = build(self.domain)

    def apply(self, *documents: Mapping[str, Any], remove: bool = False) -> None:
        """Adds, changes or removes objects; each document names its ``cluster`` unless it is configuration."""
        batch = Batch()
        for document in documents:
            source, key, row = self.row(document)
            batch.delete(source, key) if remove else batch.put(source, key, row)
        self.graph.apply(batch)

    def load(self, text: str) -> list[str]:
        """Applies a whole file in one batch; returns the ids of its proxies."""
        content = yaml.safe_load(text)
        batch = Batch()
        batch.put(self.sources.mesh, "", msgspec.convert(content.get("mesh", {}), MeshConfig))
        batch.put(self.sources.mesh_networks, "", msgspec.convert(content.get("meshNetworks", {}), MeshNetworks))
        for document in self.documents(content):
            batch.put(*self.row(document))
        self.graph.apply(batch)
        return self.connect(content.get("proxies", ()))

    @staticmethod
    def documents(content: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
        """All objects of a file, each with its cluster."""
        for cluster, objects in content.get("clusters", {}).items():
            yield from ({**document, "cluster": cluster} for document in objects)
        yield from content.get("configuration", ())

    def connect(self, proxies: Iterable[Mapping[str, Any]]) -> list[str]:
        """Connects a proxy in each of the named pods; returns their ids."""
        batch = Batch()
        rows = [self._proxy(wanted) for wanted in proxies]
        for row in rows:
            batch.put(self.sources.proxies, row.id, row)
        self.graph.apply(batch)
        return [row.id for row in rows]

    def row(self, document: Mapping[str, Any]) -> tuple[Any, Any, Any]:
        """The source, key and row of a document."""
        kind, cluster, metadata = document["kind"], document.get("cluster", ""), document["metadata"]
        namespace, name = metadata.get("namespace", ""), metadata["name"]
        if document.get("apiVersion", "").startswith(GROUP):
            return self._gateway_api(document, _config(document, GATEWAY_API[kind]))
        if kind in KINDS:
            field, spec = KINDS[kind]
            config = _config(document, spec)
            return getattr(self.sources, field), (namespace, name), config
        if kind in CORE:
            field, wire, key = CORE[kind]
            return getattr(self.sources, field), key(cluster, namespace, name), msgspec.convert(document, wire)
        if kind == "Secret":
            content = {part: text.encode() for part, text in document.get("stringData", {}).items()}
            content |= {part: (_PROJECT / path).read_bytes() for part, path in document.get("files", {}).items()}
            return self.sources.credentials, CredentialKey(cluster, namespace, name), _credential(document, content)
        sources = {"Namespace": (self.sources.namespaces, Namespace), "Node": (self.sources.nodes, Node)}
        source, wire = sources[kind]
        return source, (cluster, name), msgspec.convert(document, wire)

    def _gateway_api(self, document: Mapping[str, Any], config: Config[Any]) -> tuple[Any, Any, Any]:
        objects, kind = self.sources.gateway_api, document["kind"]
        if kind == "GatewayClass":
            return objects.classes, config.name, config
        if kind == "Gateway":
            return objects.gateways, ObjectKey(config.cluster, *config.key), config
        if kind == "ReferenceGrant":
            return objects.grants, config.key, config
        return objects.routes, StatusKey(kind, *config.key), config

    def _proxy(self, wanted: Mapping[str, Any]) -> Proxy:
        namespace, _, name = wanted["pod"].partition("/")
        pod = WorkloadKey(wanted["cluster"], namespace, name)
        workload, wire = self.domain.workloads.get(pod), self.sources.pods.get(pod)
        assert workload, f"no pod {wanted['pod']} in {wanted['cluster']}"
        assert wire
        return Proxy(
            id=wanted.get("id", f"{name}.{namespace}"),
            kind=ProxyKind(wanted.get("kind", "sidecar")),
            name=name,
            namespace=namespace,
            cluster=wanted["cluster"],
            addresses=workload.addresses,
            dns_domain=f"{namespace}.svc.cluster.local",
            network=wanted.get("network", workload.network),
            requested_networks=tuple(wanted.get("requestedNetworks", ())),
            labels=dict(wire.metadata.labels),
            locality=Locality.parse(wanted.get("locality", "")),  # a real proxy does not know its node's
            service_account=workload.service_account,
            node=workload.node,
            interception=wanted.get("interception", "REDIRECT"),
            http10=wanted.get("http10", False),
            unprivileged=wanted.get("unprivileged", False),
            dns_capture=wanted.get("dns", False),
            virtual_host_discovery=wanted.get("virtualHostDiscovery", False),
            authenticated=wanted.get("authenticated", True),
            secret_access=_secret_access(wanted, workload.service_account),
        )


def _secret_access(wanted: Mapping[str, Any], account: str) -> SecretAccess | None:
    """``secrets``: whether the account may list Secrets; null when nobody knows."""
    allowed = wanted.get("secrets", True)
    return None if allowed is None else SecretAccess(wanted["cluster"], account, allowed)


def load(path: Path) -> tuple[Mesh, list[str]]:
    """The mesh of a file, and the ids of its proxies."""
    mesh = Mesh()
    return mesh, mesh.load(path.read_text())


def _config(document: Mapping[str, Any], spec: type[Any]) -> Config[Any]:
    metadata = document["metadata"]
    return Config(
        cluster=document.get("cluster") or "cluster1",
        namespace=metadata.get("namespace", ""),
        name=metadata["name"],
        created=metadata.get("creationTimestamp", ""),
        labels=metadata.get("labels", {}),
        annotations=metadata.get("annotations", {}),
        spec=msgspec.convert(document.get("spec", {}), spec),
        generation=metadata.get("generation", 0),
    )


def _credential(document: Mapping[str, Any], content: Mapping[str, bytes]) -> Credential:
    metadata = document["metadata"]
    return Credential(
        key=CredentialKey(document["cluster"], metadata["namespace"], metadata["name"]),
        certificate=content.get("tls.crt", b""),
        private_key=content.get("tls.key", b""),
        ca=content.get("ca.crt", b""),
        crl=content.get("ca.crl", b""),
    )
