"""Services: one cluster's declaration as a domain row, and the merge of all clusters' declarations.

Rules: Istio's Kubernetes service conversion and aggregate registry (namespace sameness).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from isthmus.api.core_service import Service as KubernetesService
from isthmus.api.mesh_config import MeshConfig
from isthmus.collections import Context
from isthmus.derive.cluster_local import ClusterLocal
from isthmus.derive.protocols import port_protocol
from isthmus.model.service import ClusterService, Resolution, Service, ServiceKey, ServicePort

EXPORT_TO = "networking.istio.io/exportTo"
NODE_SELECTOR = "traffic.istio.io/nodeSelector"
_ACCOUNTS = ("alpha.istio.io/canonical-serviceaccounts", "alpha.istio.io/kubernetes-serviceaccounts")


def cluster_service(key: ServiceKey, wire: KubernetesService, domain: str, trust_domain: str) -> ClusterService:
    """One cluster's Service object as the mesh sees it."""
    spec, metadata = wire.spec, wire.metadata
    return ClusterService(
        key=key,
        hostname=f"{key.name}.{key.namespace}.svc.{domain}",
        ports=tuple(
            ServicePort(
                name=port.name,
                number=port.port,
                protocol=port_protocol(port.port, port.name, port.app_protocol or "", port.protocol),
                target=port.target_port or port.port,
                node_port=port.node_port,
            )
            for port in spec.ports
        ),
        resolution=_resolution(wire),
        cluster_ips=wire.virtual_addresses,
        external_name=spec.external_name,
        selector=dict(spec.selector),
        labels=dict(metadata.labels),
        export_to=_words(metadata.annotations.get(EXPORT_TO, "")),
        service_accounts=_accounts(key.namespace, metadata.annotations, trust_domain),
        created=metadata.creation_timestamp,
        node_local=spec.internal_traffic_policy == "Local",
        publish_not_ready=spec.publish_not_ready_addresses,
        traffic_distribution=spec.traffic_distribution,
        load_balancer=wire.load_balancer_addresses if spec.type == "LoadBalancer" else (),
        external_ips=tuple(spec.external_ips),
        load_balanced=spec.type == "LoadBalancer",
        gateway_nodes=_node_selector(metadata.annotations) if spec.type == "NodePort" else None,
    )


def merge(own_cluster: str) -> Callable[[str, tuple[ClusterService, ...], MeshConfig, ClusterLocal], Service]:
    """The merge of all declarations of one hostname; the own cluster's comes first, the others by name."""

    def merged(
        hostname: str, declared: tuple[ClusterService, ...], mesh: MeshConfig, cluster_local: ClusterLocal
    ) -> Service:
        ordered = sorted(declared, key=lambda service: (service.key.cluster != own_cluster, service.key))
        first = ordered[0]
        return Service(
            hostname=hostname,
            name=first.key.name,
            namespace=first.key.namespace,
            ports=first.ports,
            resolution=first.resolution,
            vips={service.key.cluster: service.cluster_ips for service in ordered if service.cluster_ips},
            default_vips=first.cluster_ips,
            clusters=tuple(service.key.cluster for service in ordered),
            labels=first.labels,
            export_to=first.export_to or tuple(mesh.default_service_export_to) or ("*",),
            service_accounts=tuple(sorted({name for service in ordered for name in service.service_accounts})),
            created=first.created,
            cluster_local=cluster_local.covers(hostname),
            node_local=first.node_local,
            publish_not_ready=first.publish_not_ready,
            traffic_distribution=first.traffic_distribution,
        )

    return merged


def merge_group(
    own_cluster: str, mesh_of: Callable[[Context], tuple[MeshConfig, ClusterLocal]]
) -> Callable[[Context, str, tuple[ClusterService, ...]], Mapping[str, Service]]:
    """``merge`` as a derivation over the group of one hostname."""
    join = merge(own_cluster)

    def derivation(ctx: Context, hostname: str, declared: tuple[ClusterService, ...]) -> Mapping[str, Service]:
        mesh, cluster_local = mesh_of(ctx)
        return {hostname: join(hostname, declared, mesh, cluster_local)}

    return derivation


def _resolution(wire: KubernetesService) -> Resolution:
    if wire.spec.type == "ExternalName":
        return Resolution.ALIAS
    return Resolution.HEADLESS if wire.headless else Resolution.ENDPOINTS


def _node_selector(annotations: Mapping[str, str]) -> dict[str, str] | None:
    try:
        return msgspec.json.decode(annotations.get(NODE_SELECTOR, "null"), type=dict[str, str] | None)
    except msgspec.DecodeError:
        return None


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _accounts(namespace: str, annotations: Mapping[str, str], trust_domain: str) -> tuple[str, ...]:
    canonical, kubernetes = (_words(annotations.get(name, "")) for name in _ACCOUNTS)
    own = (f"spiffe://{trust_domain}/ns/{namespace}/sa/{account}" for account in kubernetes)
    return tuple(sorted({*(f"spiffe://{account}" for account in canonical), *own}))
