"""Networks of the mesh: names, gateways, addresses."""

from __future__ import annotations

from collections.abc import Iterator

from isthmus.analysis.cluster_codes import (
    GATEWAY_ADDRESS_PENDING,
    GATEWAY_PORT_MISSING,
    NETWORK_NOT_LABELLED,
    NETWORK_WITHOUT_GATEWAY,
)
from isthmus.analysis.codes import UNKNOWN_REGISTRY
from isthmus.analysis.finding import Findings, Origin, found
from isthmus.analysis.snapshot import NETWORK_LABEL, ClusterSnapshot, Entry, Snapshot
from isthmus.api.core_service import Service

_PORT_LABEL = "networking.istio.io/gatewayPort"
_DEFAULT_PORT = "15443"


def networks(snapshot: Snapshot) -> Findings:
    """ISM0106, ISM0108, ISM0109, ISM0111; IST0126."""
    named = {cluster.name: network_of(cluster, snapshot) for cluster in snapshot.clusters}
    gateways = [entry for cluster in snapshot.clusters for entry in gateway_services(cluster)]
    yield from _unusable(gateways)
    if len(set(named.values())) > 1:
        yield from _isolated(snapshot, named, {_network(entry) for entry in gateways})
    yield from _registries(snapshot)


def network_of(cluster: ClusterSnapshot, snapshot: Snapshot) -> str:
    """The network of a cluster's workloads by its system namespace's label, else by ``meshNetworks``."""
    label = cluster.namespace_labels(snapshot.system_namespace).get(NETWORK_LABEL, "")
    claims = (
        name
        for name, network in snapshot.networks.networks.items()
        for endpoints in network.endpoints
        if endpoints.from_registry == cluster.name
    )
    return label or next(claims, "")


def gateway_services(cluster: ClusterSnapshot) -> Iterator[Entry[Service]]:
    """Services that say by label which network they lead into."""
    return (entry for entry in cluster.services if entry.value.metadata.labels.get(NETWORK_LABEL))


def gateway_port(service: Service) -> str:
    """The port number at which other networks call a gateway."""
    return service.metadata.labels.get(_PORT_LABEL, _DEFAULT_PORT)


def _network(entry: Entry[Service]) -> str:
    return entry.value.metadata.labels[NETWORK_LABEL]


def _unusable(gateways: list[Entry[Service]]) -> Findings:
    for entry in gateways:
        service = entry.value
        port = gateway_port(service)
        if port not in {str(number.port) for number in service.spec.ports}:
            yield found(GATEWAY_PORT_MISSING, entry.origin, _network(entry), port)
        pending = service.spec.type == "LoadBalancer" and not service.load_balancer_addresses
        if pending and not service.spec.external_ips:
            yield found(GATEWAY_ADDRESS_PENDING, entry.origin, _network(entry))


def _isolated(snapshot: Snapshot, named: dict[str, str], reachable: set[str]) -> Findings:
    declared = {name for name, network in snapshot.networks.networks.items() if network.gateways}
    for cluster, network in named.items():
        origin = Origin(cluster, "Namespace", "", snapshot.system_namespace)
        if not network:
            yield found(NETWORK_NOT_LABELLED, origin, snapshot.system_namespace)
        elif network not in reachable | declared:
            yield found(NETWORK_WITHOUT_GATEWAY, origin, network, cluster)


def _registries(snapshot: Snapshot) -> Findings:
    if not snapshot.own.live:
        return
    known = {cluster.name for cluster in snapshot.clusters} | {
        key for entry in snapshot.own.secrets if _is_remote(entry.value.metadata.labels) for key in entry.value.data
    }
    origin = Origin(snapshot.own.name, "MeshNetworks", snapshot.system_namespace, "istio")
    for name, network in snapshot.networks.networks.items():
        for endpoints in network.endpoints:
            if endpoints.from_registry and endpoints.from_registry not in known:
                yield found(UNKNOWN_REGISTRY, origin, endpoints.from_registry, name)


def _is_remote(labels: object) -> bool:
    return isinstance(labels, dict) and labels.get("istio/multiCluster") == "true"
