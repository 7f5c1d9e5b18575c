"""The sources of the graph: everything that comes from outside, as it was decoded.

The cluster is the first column of every key of cluster data. Istio configuration is read from the configuration
cluster only, so its keys are namespace and name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from isthmus.api.authorization_policy import AuthorizationPolicy
from isthmus.api.config import Config
from isthmus.api.core_endpoint_slice import EndpointSlice
from isthmus.api.core_namespace import Namespace
from isthmus.api.core_node import Node
from isthmus.api.core_pod import Pod
from isthmus.api.core_service import Service
from isthmus.api.destination_rule import DestinationRule
from isthmus.api.gateway import Gateway
from isthmus.api.gateway_api.gateway import Gateway as GatewayApiGateway
from isthmus.api.gateway_api.gateway_class import GatewayClass
from isthmus.api.gateway_api.reference_grant import ReferenceGrant
from isthmus.api.mesh_config import MeshConfig
from isthmus.api.mesh_networks import MeshNetworks
from isthmus.api.peer_authentication import PeerAuthentication
from isthmus.api.sidecar import Sidecar
from isthmus.api.virtual_service import VirtualService
from isthmus.collections import Graph, Source
from isthmus.derive.domain import ConfigKey
from isthmus.derive.endpoints import SliceKey
from isthmus.model.proxy import Credential, CredentialKey, Proxy
from isthmus.model.service import ServiceKey
from isthmus.model.status import StatusKey
from isthmus.model.workload import WorkloadKey

ClusterName = tuple[str, str]  # cluster, name
CONFIG_PARTITION = "configuration"


class ObjectKey(NamedTuple):
    """An object of one cluster whose kind is clear."""

    cluster: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class GatewayApiSources:
    """The Gateway API's objects; all but Gateways are the configuration cluster's."""

    classes: Source[str, Config[GatewayClass]]
    gateways: Source[ObjectKey, Config[GatewayApiGateway]]
    routes: Source[StatusKey, Config[Any]]  # of all kinds, partitioned by kind
    grants: Source[ConfigKey, Config[ReferenceGrant]]


@dataclass(frozen=True, slots=True)
class Sources:
    """All sources. Single rows have the key ``""``."""

    mesh: Source[str, MeshConfig]
    mesh_networks: Source[str, MeshNetworks]
    trust_domains: Source[str, str]  # of remote clusters that give one to their workloads
    names: Source[str, tuple[str, ...]]  # hostname → addresses, as last resolved
    namespaces: Source[ClusterName, Namespace]
    nodes: Source[ClusterName, Node]
    pods: Source[WorkloadKey, Pod]
    services: Source[ServiceKey, Service]
    slices: Source[SliceKey, EndpointSlice]
    credentials: Source[CredentialKey, Credential]
    gateways: Source[ConfigKey, Config[Gateway]]
    virtual_services: Source[ConfigKey, Config[VirtualService]]
    destination_rules: Source[ConfigKey, Config[DestinationRule]]
    peer_authentications: Source[ConfigKey, Config[PeerAuthentication]]
    authorization_policies: Source[ConfigKey, Config[AuthorizationPolicy]]
    sidecars: Source[ConfigKey, Config[Sidecar]]
    gateway_api: GatewayApiSources
    proxies: Source[str, Proxy]


def declare_sources(graph: Graph) -> Sources:
    """Declares every source, partitioned by cluster where the key has one."""

    def per_cluster(name: str) -> Source[Any, Any]:
        return graph.source(name, lambda key: key.cluster)

    def configuration(name: str) -> Source[Any, Any]:
        return graph.source(name, lambda key: CONFIG_PARTITION)

    return Sources(
        mesh=graph.source("mesh"),
        mesh_networks=graph.source("mesh networks"),
        trust_domains=graph.source("trust domains"),
        names=graph.source("names"),
        namespaces=graph.source("namespaces"),
        nodes=graph.source("nodes"),
        pods=per_cluster("pods"),
        services=per_cluster("kubernetes services"),
        slices=per_cluster("endpoint slices"),
        credentials=per_cluster("credentials"),
        gateways=configuration("gateways"),
        virtual_services=configuration("virtual services"),
        destination_rules=configuration("destination rules"),
        peer_authentications=configuration("peer authentications"),
        authorization_policies=configuration("authorization policies"),
        sidecars=configuration("sidecars"),
        gateway_api=GatewayApiSources(
            classes=configuration("gateway classes"),
            gateways=per_cluster("kubernetes gateways"),
            routes=graph.source("kubernetes routes", lambda key: key.kind),
            grants=configuration("reference grants"),
        ),
        proxies=graph.source("proxies"),
    )
