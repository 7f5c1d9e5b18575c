"""Which kinds are watched, in which clusters, and which rows of the graph they become."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from isthmus.api import mesh_config_layers
from isthmus.api.authorization_policy import AuthorizationPolicy
from isthmus.api.config import row
from isthmus.api.core_endpoint_slice import EndpointSlice
from isthmus.api.core_namespace import Namespace
from isthmus.api.core_node import Node
from isthmus.api.core_pod import Pod
from isthmus.api.core_secret import ConfigMap, Secret
from isthmus.api.core_service import Service
from isthmus.api.destination_rule import DestinationRule
from isthmus.api.gateway import Gateway
from isthmus.api.gateway_api.connection_routes import TcpRoute, TlsRoute
from isthmus.api.gateway_api.gateway import Gateway as KubernetesGateway
from isthmus.api.gateway_api.gateway_class import GatewayClass
from isthmus.api.gateway_api.grpc_route import GrpcRoute
from isthmus.api.gateway_api.http_route import HttpRoute
from isthmus.api.gateway_api.reference_grant import ReferenceGrant
from isthmus.api.peer_authentication import PeerAuthentication
from isthmus.api.sidecar import Sidecar
from isthmus.api.virtual_service import VirtualService
from isthmus.api.wire import Object
from isthmus.collections import Source
from isthmus.control_plane.intake import Feed
from isthmus.control_plane.last_known import secrets as last_known
from isthmus.control_plane.shared_parts import shared_pod, shared_slice
from isthmus.derive.endpoints import SliceKey
from isthmus.derive.sources import CONFIG_PARTITION, ObjectKey, Sources
from isthmus.kube import kinds
from isthmus.kube.client import Query
from isthmus.kube.kinds import Kind
from isthmus.kube.pages import Keep, whole
from isthmus.kube.reflector import Source as Reflected
from isthmus.model.proxy import Credential, CredentialKey
from isthmus.model.service import ServiceKey
from isthmus.model.status import StatusKey
from isthmus.model.workload import WorkloadKey

# Secrets that no gateway can use are not even transferred.
_CREDENTIAL_FIELDS = (
    f"type!=helm.sh/release.v1,type!=kubernetes.io/service-account-token,type!=istio.io/ca-root,type!={last_known.TYPE}"
)
_CERTIFICATE_KEYS = ("tls.crt", "cert")
_PRIVATE_KEY_KEYS = ("tls.key", "key")
_CA_KEYS = ("ca.crt", "cacert")
_CRL_KEYS = ("ca.crl", "crl")


def cluster_feeds(sources: Sources) -> tuple[Feed[Any], ...]:
    """What is read of every cluster, own and remote."""
    return (
        _named(kinds.NAMESPACE, Namespace, sources.namespaces),
        _named(kinds.NODE, Node, sources.nodes),
        _keyed(kinds.SERVICE, Service, sources.services, ServiceKey),
        _keyed(kinds.ENDPOINT_SLICE, EndpointSlice, sources.slices, SliceKey, shared_slice),
        _keyed(kinds.POD, Pod, sources.pods, WorkloadKey, shared_pod),
        gateway_feed(sources),
    )


def own_feeds(sources: Sources) -> tuple[Feed[Any], ...]:
    """What is read of the configuration cluster besides: Istio configuration and credentials."""
    return (
        _credentials(sources),
        _configuration(kinds.GATEWAY, Object[Gateway], sources.gateways),
        _configuration(kinds.VIRTUAL_SERVICE, Object[VirtualService], sources.virtual_services),
        _configuration(kinds.DESTINATION_RULE, Object[DestinationRule], sources.destination_rules),
        _configuration(kinds.PEER_AUTHENTICATION, Object[PeerAuthentication], sources.peer_authentications),
        _configuration(kinds.AUTHORIZATION_POLICY, Object[AuthorizationPolicy], sources.authorization_policies),
        _configuration(kinds.SIDECAR, Object[Sidecar], sources.sidecars),
        *gateway_api_feeds(sources),
    )


def further_remote_feeds(sources: Sources, namespace: str, mesh_config_map: str) -> tuple[Feed[Any], ...]:
    """What is read of a remote cluster besides, and may be refused: not every reader role allows it.

    Its gateways' credentials, and the trust domain that a mesh of its own gives to its workloads.
    """
    query = Query(namespace=namespace, fields=f"metadata.name={mesh_config_map}")
    return (
        _credentials(sources),
        Feed(
            Reflected(kinds.CONFIG_MAP, ConfigMap, query),
            sources.trust_domains,
            lambda cluster, _: cluster,
            lambda _, item: mesh_config_layers.trust_domain(item.data.get("mesh", "")),
        ),
    )


def _credentials(sources: Sources) -> Feed[Any]:
    query = Query(fields=_CREDENTIAL_FIELDS)
    return Feed(Reflected(kinds.SECRET, Secret, query), sources.credentials, _credential_key, _credential)


def _named(kind: Kind, wire: type[Any], source: Source[Any, Any]) -> Feed[Any]:
    return Feed(
        Reflected(kind, wire), source, lambda cluster, item: (cluster, item.metadata.name), lambda _, item: item
    )


def _keyed(
    kind: Kind,
    wire: type[Any],
    source: Source[Any, Any],
    key: Callable[[str, str, str], object],
    keep: Keep[Any] = whole,
) -> Feed[Any]:
    def key_of(cluster: str, item: Any) -> object:
        return key(cluster, item.metadata.namespace, item.metadata.name)

    return Feed(Reflected(kind, wire, keep=keep), source, key_of, lambda _, item: item)


def _configuration(kind: Kind, wire: type[Any], source: Source[Any, Any]) -> Feed[Any]:
    # Between the installation of the control plane and of its CRDs a kind may be missing: it has no objects then.
    return Feed(
        Reflected(kind, wire, optional=True),
        source,
        lambda _, item: (item.metadata.namespace, item.metadata.name),
        row,
        lambda _: CONFIG_PARTITION,
    )


def gateway_feed(sources: Sources) -> Feed[Any]:
    """The Gateways of the Gateway API of any cluster: of others they tell where networks are reached."""
    return Feed(
        Reflected(kinds.KUBERNETES_GATEWAY, Object[KubernetesGateway], optional=True, unreadable=True),
        sources.gateway_api.gateways,
        lambda cluster, item: ObjectKey(cluster, item.metadata.namespace, item.metadata.name),
        row,
    )


def gateway_api_feeds(sources: Sources) -> tuple[Feed[Any], ...]:
    """The other objects of the Gateway API, which are the configuration cluster's."""
    objects = sources.gateway_api
    classes = Feed(
        Reflected(kinds.GATEWAY_CLASS, Object[GatewayClass], optional=True),
        objects.classes,
        lambda _, item: item.metadata.name,
        row,
        lambda _: CONFIG_PARTITION,
    )
    routes = (
        _routes(kinds.HTTP_ROUTE, Object[HttpRoute], sources),
        _routes(kinds.GRPC_ROUTE, Object[GrpcRoute], sources),
        _routes(kinds.TLS_ROUTE, Object[TlsRoute], sources),
        _routes(kinds.TCP_ROUTE, Object[TcpRoute], sources),
    )
    grants = _configuration(kinds.REFERENCE_GRANT, Object[ReferenceGrant], objects.grants)
    return (classes, *routes, grants)


def _routes(kind: Kind, wire: type[Any], sources: Sources) -> Feed[Any]:
    return Feed(
        Reflected(kind, wire, optional=True),
        sources.gateway_api.routes,
        lambda _, item: StatusKey(kind.kind, item.metadata.namespace, item.metadata.name),
        row,
        lambda _: kind.kind,
    )


def _credential_key(cluster: str, secret: Secret) -> CredentialKey:
    return CredentialKey(cluster, secret.metadata.namespace, secret.metadata.name)


def _credential(cluster: str, secret: Secret) -> Credential | None:
    credential = Credential(
        _credential_key(cluster, secret),
        certificate=_first(secret.data, _CERTIFICATE_KEYS),
        private_key=_first(secret.data, _PRIVATE_KEY_KEYS),
        ca=_first(secret.data, _CA_KEYS),
        crl=_first(secret.data, _CRL_KEYS),
    )
    return credential if credential.certificate or credential.ca else None


def _first(data: Mapping[str, bytes], names: tuple[str, ...]) -> bytes:
    return next((data[name] for name in names if data.get(name)), b"")
