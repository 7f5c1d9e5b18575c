"""From sources to the domain: which domain row follows from which Kubernetes objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from isthmus.api.config import Config
from isthmus.api.core_endpoint_slice import EndpointSlice
from isthmus.api.core_namespace import Namespace
from isthmus.api.core_node import Node
from isthmus.api.core_pod import Pod
from isthmus.api.core_service import Service as KubernetesService
from isthmus.api.gateway_api.gateway import Gateway
from isthmus.api.mesh_config import MeshConfig
from isthmus.api.mesh_networks import MeshNetworks
from isthmus.collections import Collection, Context, Graph, Index
from isthmus.derive.cluster_local import ClusterLocal, cluster_local
from isthmus.derive.domain import ConfigKey, Domain, GatewayApiObjects
from isthmus.derive.endpoints import SliceEndpoints, SliceKey, merge_slices, slice_endpoints
from isthmus.derive.gateways_of_networks import (
    UnresolvedGateway,
    addressed_gateways,
    declared_gateways,
    resolve_all,
    service_gateways,
)
from isthmus.derive.network_rules import NETWORK_LABEL, NetworkRules, network_rules
from isthmus.derive.placement import SYSTEM_NAMESPACE, located, placed
from isthmus.derive.services import cluster_service, merge
from isthmus.derive.sources import ClusterName, ObjectKey, Sources
from isthmus.derive.workloads import workload
from isthmus.model.endpoint import ServiceEndpoints
from isthmus.model.network import Networks
from isthmus.model.proxy import Proxy
from isthmus.model.service import ClusterService, Service, ServiceKey
from isthmus.model.workload import Workload, WorkloadKey

GATEWAY_CANDIDATES = "gateway candidates"
"""Name of the collection of gateways before their hostnames are resolved: one row, a tuple."""


class Identity(msgspec.Struct, frozen=True):
    """Who this control plane is: fixed for the life of the process."""

    cluster: str
    root_namespace: str = "istio-system"
    domain: str = "cluster.local"
    discovery_host: str = "istiod.istio-system.svc:15012"


class _ClusterNetwork(msgspec.Struct, frozen=True, order=True):
    cluster: str
    network: str


class _ClusterNode(msgspec.Struct, frozen=True):
    cluster: str
    node: Node


_Gateways = tuple[UnresolvedGateway, ...]


@dataclass(frozen=True, slots=True)
class _Rules:
    """Single rows that many derivations read."""

    mesh: Collection[str, MeshConfig]
    trust_domains: Collection[str, str]
    networks: Collection[str, NetworkRules]
    cluster_local: Collection[str, ClusterLocal]

    def trust_domain(self, ctx: Context, cluster: str) -> str:
        """The cluster's own, else the mesh's (Istio reads a remote cluster's mesh ConfigMap for it)."""
        return ctx.get(self.trust_domains, cluster) or (ctx.get(self.mesh, "") or MeshConfig()).trust_domain

    def network_rules(self, ctx: Context) -> NetworkRules:
        return ctx.get(self.networks, "") or NetworkRules()


def declare_domain(graph: Graph, sources: Sources, identity: Identity) -> Domain:
    """Declares the domain collections over the sources."""
    rules = _declare_rules(graph, sources, identity)
    workloads = _declare_workloads(graph, sources, rules)
    cluster_services = _declare_cluster_services(graph, sources, identity, rules)
    return Domain(
        graph=graph,
        mesh=sources.mesh,
        networks=_declare_networks(graph, sources, identity, cluster_services),
        workloads=workloads,
        workloads_by_address=workloads.index(
            "address", lambda row: ((row.key.cluster, address) for address in row.addresses)
        ),
        cluster_services=cluster_services,
        cluster_services_by_namespace=cluster_services.index(
            "namespace", lambda row: ((row.key.cluster, row.key.namespace),)
        ),
        services=_declare_services(graph, identity, cluster_services, rules),
        endpoints=_declare_endpoints(graph, sources, identity, workloads, rules),
        gateways=sources.gateways,
        virtual_services=sources.virtual_services,
        destination_rules=sources.destination_rules,
        peer_authentications=sources.peer_authentications,
        authorization_policies=sources.authorization_policies,
        sidecars=sources.sidecars,
        gateway_api=_declare_gateway_api(graph, sources, identity),
        credentials=sources.credentials,
        proxies=_declare_proxies(graph, sources, workloads),
    )


def _declare_gateway_api(graph: Graph, sources: Sources, identity: Identity) -> GatewayApiObjects:
    objects = sources.gateway_api

    def own(_: Context, key: ObjectKey, row: Config[Gateway]) -> Mapping[ConfigKey, Config[Gateway]]:
        return {(key.namespace, key.name): row} if key.cluster == identity.cluster else {}

    return GatewayApiObjects(
        classes=objects.classes,
        gateways=graph.derive("own gateways", objects.gateways, own),
        routes=objects.routes,
        grants=objects.grants,
        namespaces=sources.namespaces,
    )


def _declare_rules(graph: Graph, sources: Sources, identity: Identity) -> _Rules:
    def label(ctx: Context, key: ClusterName, namespace: Namespace) -> Mapping[str, _ClusterNetwork]:
        network = namespace.metadata.labels.get(NETWORK_LABEL, "")
        if key[1] != identity.root_namespace or not network:
            return {}
        return {key[0]: _ClusterNetwork(key[0], network)}

    labels = graph.derive("cluster networks", sources.namespaces, label)
    all_labels = labels.index("all", lambda row: ("",))

    def rules(ctx: Context, key: str, networks: MeshNetworks) -> Mapping[str, NetworkRules]:
        by_cluster = {row.cluster: row.network for row in ctx.select(all_labels, "")}
        return {"": network_rules(by_cluster, networks)}

    def local(ctx: Context, key: str, mesh: MeshConfig) -> Mapping[str, ClusterLocal]:
        return {"": cluster_local(mesh, identity.discovery_host, identity.domain)}

    return _Rules(
        mesh=sources.mesh,
        trust_domains=sources.trust_domains,
        networks=graph.derive("network rules", sources.mesh_networks, rules),
        cluster_local=graph.derive("cluster local", sources.mesh, local),
    )


def _declare_workloads(graph: Graph, sources: Sources, rules: _Rules) -> Collection[WorkloadKey, Workload]:
    def derivation(ctx: Context, key: WorkloadKey, pod: Pod) -> Mapping[WorkloadKey, Workload]:
        if pod.terminal or not pod.addresses:
            return {}
        node = ctx.get(sources.nodes, (key.cluster, pod.spec.node_name))
        return {key: workload(key, pod, node, rules.network_rules(ctx), rules.trust_domain(ctx, key.cluster))}

    return graph.derive("workloads", sources.pods, derivation)


def _declare_proxies(
    graph: Graph, sources: Sources, workloads: Collection[WorkloadKey, Workload]
) -> Collection[str, Proxy]:
    by_name = workloads.index("pod", lambda row: ((row.key.namespace, row.key.name),))

    def derivation(ctx: Context, key: str, proxy: Proxy) -> Mapping[str, Proxy]:
        if ctx.get(sources.namespaces, (proxy.cluster, SYSTEM_NAMESPACE)) is None:
            proxy = placed(proxy, ctx.select(by_name, (proxy.namespace, proxy.name)))
        return {key: located(proxy, ctx.get(workloads, WorkloadKey(proxy.cluster, proxy.namespace, proxy.name)))}

    return graph.derive("placed proxies", sources.proxies, derivation)


def _declare_cluster_services(
    graph: Graph, sources: Sources, identity: Identity, rules: _Rules
) -> Collection[ServiceKey, ClusterService]:
    def derivation(ctx: Context, key: ServiceKey, wire: KubernetesService) -> Mapping[ServiceKey, ClusterService]:
        return {key: cluster_service(key, wire, identity.domain, rules.trust_domain(ctx, key.cluster))}

    return graph.derive("cluster services", sources.services, derivation)


def _declare_services(
    graph: Graph, identity: Identity, declared: Collection[ServiceKey, ClusterService], rules: _Rules
) -> Collection[str, Service]:
    join = merge(identity.cluster)

    def derivation(ctx: Context, hostname: str, rows: tuple[ClusterService, ...]) -> Mapping[str, Service]:
        mesh = ctx.get(rules.mesh, "") or MeshConfig()
        local = ctx.get(rules.cluster_local, "") or ClusterLocal({}, ())
        return {hostname: join(hostname, rows, mesh, local)}

    return graph.group("services", declared.index("hostname", lambda row: (row.hostname,)), derivation)


def _declare_endpoints(
    graph: Graph,
    sources: Sources,
    identity: Identity,
    workloads: Collection[WorkloadKey, Workload],
    rules: _Rules,
) -> Collection[str, ServiceEndpoints]:
    def derivation(ctx: Context, key: SliceKey, wire: EndpointSlice) -> Mapping[SliceKey, SliceEndpoints]:
        if not wire.service or wire.address_type == "FQDN":
            return {}
        hostname = f"{wire.service}.{key.namespace}.svc.{identity.domain}"
        return {
            key: slice_endpoints(key, wire, hostname, lambda pod: ctx.get(workloads, pod), rules.network_rules(ctx))
        }

    parts = graph.derive("slice endpoints", sources.slices, derivation)
    by_hostname: Index[str, Any, SliceEndpoints] = parts.index("hostname", lambda row: (row.hostname,))
    return graph.group("endpoints", by_hostname, lambda ctx, name, rows: {name: merge_slices(name, rows)})


def _declare_networks(
    graph: Graph, sources: Sources, identity: Identity, declared: Collection[ServiceKey, ClusterService]
) -> Collection[str, Networks]:
    nodes = graph.derive(
        "cluster nodes", sources.nodes, lambda ctx, key, node: {key: _ClusterNode(key[0], node)}
    ).index("cluster", lambda row: (row.cluster,))
    by_hostname = declared.index("gateway hostname", lambda row: (row.hostname,))

    def labelled(ctx: Context, key: ServiceKey, row: ClusterService) -> Mapping[ServiceKey, _Gateways]:
        rows = ctx.select(nodes, key.cluster) if row.gateway_nodes is not None else ()
        gateways = service_gateways(row, (entry.node for entry in rows))
        return {key: gateways} if gateways else {}

    services = graph.derive("gateways of services", declared, labelled)
    of_services = services.index("all", lambda row: ("",))

    def addressed(_: Context, key: ObjectKey, row: Config[Gateway]) -> Mapping[ObjectKey, _Gateways]:
        gateways = addressed_gateways(row, identity.cluster)
        return {key: gateways} if gateways else {}

    of_gateways = graph.derive("gateways by address", sources.gateway_api.gateways, addressed).index(
        "all", lambda row: ("",)
    )

    def candidates(ctx: Context, key: str, wire: MeshNetworks) -> Mapping[str, _Gateways]:
        def services_of(hostname: str, cluster: str) -> tuple[ClusterService, ...]:
            return tuple(row for row in ctx.select(by_hostname, hostname) if row.key.cluster == cluster)

        labelled = tuple(gateway for row in ctx.select(of_services, "") for gateway in row)
        labelled += tuple(gateway for row in ctx.select(of_gateways, "") for gateway in row)
        return {"": labelled + declared_gateways(wire, services_of)}

    def networks(ctx: Context, key: str, gateways: _Gateways) -> Mapping[str, Networks]:
        return {"": resolve_all(gateways, lambda name: ctx.get(sources.names, name) or ())}

    return graph.derive("networks", graph.derive(GATEWAY_CANDIDATES, sources.mesh_networks, candidates), networks)
