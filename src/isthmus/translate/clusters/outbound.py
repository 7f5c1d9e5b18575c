"""Clusters of service ports, as clients see them: one per port, and one per port and subset."""

from __future__ import annotations

from typing import Any

from isthmus.api.mesh_config import MeshConfig
from isthmus.model.service import Resolution
from isthmus.protos import pb
from isthmus.translate import names
from isthmus.translate.clusters import http_options, limits, security
from isthmus.translate.clusters.load_balancing import balancing
from isthmus.translate.encoding import Bundle, bundle, struct
from isthmus.translate.upstream import Target, Upstream, targets
from isthmus.translate.values import ADS, Fields
from isthmus.translate.views import ClusterView


def outbound(view: ClusterView, upstream: Upstream, mesh: MeshConfig) -> Bundle:
    """The clusters of one service; none for a service that only names another one, or that has to be resolved."""
    if upstream.service.resolution in (Resolution.ALIAS, Resolution.DNS):
        return {}
    return bundle(_cluster(view, target, mesh) for target in targets(upstream))


def passthrough_by_sni(upstream: Upstream, mesh: MeshConfig) -> Bundle:
    """The clusters that a gateway forwards undecrypted mesh mTLS to; balanced like the service, without TLS."""
    if upstream.service.resolution in (Resolution.ALIAS, Resolution.DNS):
        return {}
    return bundle(_sni_cluster(target, mesh) for target in targets(upstream))


def _cluster(view: ClusterView, target: Target, mesh: MeshConfig) -> Any:
    service, traffic = target.upstream.service, target.traffic
    name = names.outbound(service.hostname, target.port.number, target.subset_name)
    direct = view.sidecar and service.resolution is Resolution.HEADLESS
    balanced = balancing(traffic, mesh, direct=direct)
    fields: Fields = {
        **_common(name, target, mesh),
        **balanced.fields,
        **security.transport(view, target, mesh, direct=balanced.original_destination),
    }
    if not balanced.original_destination:
        fields |= _from_ads(name)
    if options := http_options.protocol_options(view, target, mesh):
        fields["typed_extension_protocol_options"] = options
    return pb("envoy.config.cluster.v3.Cluster")(**fields)


def _sni_cluster(target: Target, mesh: MeshConfig) -> Any:
    name = names.sni(target.upstream.service.hostname, target.port.number, target.subset_name)
    # Connections are balanced here, not requests. The workload with the fewest is often one that is already gone.
    balanced = balancing(target.traffic, mesh, default="ROUND_ROBIN")
    source = {} if balanced.original_destination else _from_ads(name)
    return pb("envoy.config.cluster.v3.Cluster")(**{**_common(name, target, mesh), **balanced.fields, **source})


def _common(name: str, target: Target, mesh: MeshConfig) -> Fields:
    traffic = target.traffic
    fields: Fields = {
        "name": name,
        "alt_stat_name": names.stat_name(name),
        "circuit_breakers": limits.circuit_breakers(traffic.connection_pool),
        "metadata": {"filter_metadata": {"istio": _metadata(target)}},
        **limits.connections(traffic.connection_pool, mesh),
    }
    if traffic.outlier_detection is not None:
        fields["outlier_detection"] = limits.outlier_detection(traffic.outlier_detection)
    return fields


def _from_ads(name: str) -> Fields:
    return {"type": "EDS", "eds_cluster_config": {"eds_config": ADS, "service_name": name}}


def _metadata(target: Target) -> Any:
    service, policy = target.upstream.service, target.upstream.policy
    values: Fields = {"services": [{"host": service.hostname, "name": service.name, "namespace": service.namespace}]}
    if policy.source:
        values["config"] = policy.source
    if target.subset is not None:
        values["subset"] = target.subset.name
    if target.traffic.tls is not None and target.traffic.tls.mode in ("SIMPLE", "MUTUAL"):
        values["alpn_override"] = "false"
    if service.external:
        values["external"] = True
    return struct(values)
