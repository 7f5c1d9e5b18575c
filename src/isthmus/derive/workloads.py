"""Workloads: pods with their place, identity and network."""

from __future__ import annotations

from collections.abc import Mapping

from isthmus.api.core_node import Node
from isthmus.api.core_pod import Pod
from isthmus.derive.network_rules import NETWORK_LABEL, NetworkRules
from isthmus.model.identity import SpiffeId
from isthmus.model.locality import Locality
from isthmus.model.workload import Workload, WorkloadKey

REGION_LABEL = "topology.kubernetes.io/region"
ZONE_LABEL = "topology.kubernetes.io/zone"
SUBZONE_LABEL = "topology.istio.io/subzone"
CLUSTER_LABEL = "topology.istio.io/cluster"
NODE_LABEL = "kubernetes.io/hostname"
_LOCALITY_LABELS = ("topology.istio.io/locality", "istio-locality")
TLS_MODE_LABEL = "security.istio.io/tlsMode"
_NAME_LABELS = ("service.istio.io/canonical-name", "app.kubernetes.io/name", "app")
_REVISION_LABELS = ("service.istio.io/canonical-revision", "app.kubernetes.io/version", "version")


def locality(labels: Mapping[str, str]) -> Locality:
    """A node's locality from its topology labels."""
    return Locality(labels.get(REGION_LABEL, ""), labels.get(ZONE_LABEL, ""), labels.get(SUBZONE_LABEL, ""))


def _place(labels: Mapping[str, str], node: Node | None) -> Locality:
    """A pod's locality: what its own label says, else that of its node (Istio's ``getPodLocality``)."""
    if own := _first(labels, _LOCALITY_LABELS):
        return Locality.parse(own if "/" in own else own.replace(".", "/"))
    return locality(node.metadata.labels) if node else Locality()


def workload(key: WorkloadKey, pod: Pod, node: Node | None, rules: NetworkRules, trust_domain: str) -> Workload:
    """A pod as the mesh sees it; its labels are augmented with topology labels as Istio does for endpoints."""
    metadata, spec = pod.metadata, pod.spec
    addresses = pod.addresses
    place = _place(metadata.labels, node)
    network = rules.network(key.cluster, metadata.labels, addresses[0] if addresses else "")
    owner = pod.workload[1]
    account = spec.service_account_name or "default"
    return Workload(
        key=key,
        addresses=addresses,
        labels=_augmented(metadata.labels, key.cluster, spec.node_name, place, network),
        service_account=account,
        identity=str(SpiffeId(trust_domain, key.namespace, account)),
        workload=owner,
        canonical_name=_first(metadata.labels, _NAME_LABELS) or owner,
        canonical_revision=_first(metadata.labels, _REVISION_LABELS) or "latest",
        node=spec.node_name,
        locality=place,
        network=network,
        mtls=metadata.labels.get(TLS_MODE_LABEL) == "istio",
        ports={
            port.name: port.container_port for container in spec.containers for port in container.ports if port.name
        },
        hostname=spec.hostname,
        subdomain=spec.subdomain,
        ready=pod.ready,
    )


def _first(labels: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((labels[name] for name in names if labels.get(name)), "")


def _augmented(labels: Mapping[str, str], cluster: str, node: str, place: Locality, network: str) -> dict[str, str]:
    added = {
        REGION_LABEL: place.region,
        ZONE_LABEL: place.zone,
        SUBZONE_LABEL: place.subzone,
        CLUSTER_LABEL: cluster,
        NODE_LABEL: node,
    }
    result = {**labels, **{name: value for name, value in added.items() if value}}
    if network:
        result.setdefault(NETWORK_LABEL, network)
    return result
