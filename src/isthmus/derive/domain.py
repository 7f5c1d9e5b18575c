"""The domain collections: what the mesh knows, independent of who asks.

Everything before this point comes from Kubernetes; everything after it is made for proxies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from isthmus.api.authorization_policy import AuthorizationPolicy
from isthmus.api.config import Config
from isthmus.api.core_namespace import Namespace
from isthmus.api.destination_rule import DestinationRule
from isthmus.api.gateway import Gateway
from isthmus.api.gateway_api.gateway import Gateway as GatewayApiGateway
from isthmus.api.gateway_api.gateway_class import GatewayClass
from isthmus.api.gateway_api.reference_grant import ReferenceGrant
from isthmus.api.mesh_config import MeshConfig
from isthmus.api.peer_authentication import PeerAuthentication
from isthmus.api.sidecar import Sidecar
from isthmus.api.virtual_service import VirtualService
from isthmus.collections import Collection, Graph, Index
from isthmus.model.endpoint import ServiceEndpoints
from isthmus.model.network import Networks
from isthmus.model.proxy import Credential, CredentialKey, Proxy
from isthmus.model.service import ClusterService, Service, ServiceKey
from isthmus.model.status import StatusKey
from isthmus.model.workload import Workload, WorkloadKey

ConfigKey = tuple[str, str]  # namespace, name
Address = tuple[str, str]  # cluster, IP address


@dataclass(frozen=True, slots=True)
class GatewayApiObjects:
    """The Gateway API's objects of the configuration cluster, and namespaces, which they select by labels."""

    classes: Collection[str, Config[GatewayClass]]
    gateways: Collection[ConfigKey, Config[GatewayApiGateway]]
    routes: Collection[StatusKey, Config[Any]]
    grants: Collection[ConfigKey, Config[ReferenceGrant]]
    namespaces: Collection[tuple[str, str], Namespace]  # by cluster and name


@dataclass(frozen=True, slots=True)
class Domain:
    """All domain collections of one graph. Single rows have the key ``""``."""

    graph: Graph
    mesh: Collection[str, MeshConfig]
    networks: Collection[str, Networks]
    workloads: Collection[WorkloadKey, Workload]
    workloads_by_address: Index[Address, WorkloadKey, Workload]
    cluster_services: Collection[ServiceKey, ClusterService]
    cluster_services_by_namespace: Index[tuple[str, str], ServiceKey, ClusterService]  # (cluster, namespace)
    services: Collection[str, Service]  # by hostname
    endpoints: Collection[str, ServiceEndpoints]  # by hostname
    gateways: Collection[ConfigKey, Config[Gateway]]
    virtual_services: Collection[ConfigKey, Config[VirtualService]]
    destination_rules: Collection[ConfigKey, Config[DestinationRule]]
    peer_authentications: Collection[ConfigKey, Config[PeerAuthentication]]
    authorization_policies: Collection[ConfigKey, Config[AuthorizationPolicy]]
    sidecars: Collection[ConfigKey, Config[Sidecar]]
    gateway_api: GatewayApiObjects
    credentials: Collection[CredentialKey, Credential]
    proxies: Collection[str, Proxy]  # by connection id, in the clusters that they run in
