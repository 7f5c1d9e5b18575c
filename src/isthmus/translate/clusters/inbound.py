"""Clusters that lead from a sidecar to its own application."""

from __future__ import annotations

from typing import Any

from isthmus.api.mesh_config import MeshConfig
from isthmus.protos import pb, to_any
from isthmus.translate import names
from isthmus.translate.clusters.http_options import KEY
from isthmus.translate.clusters.limits import UNLIMITED
from isthmus.translate.clusters.special import downstream_protocol, loop_guard
from isthmus.translate.encoding import Bundle, bundle, struct
from isthmus.translate.inbound import InboundPort, InboundView
from isthmus.translate.values import Fields, go_duration, socket_address
from isthmus.translate.views import Families


def inbound(view: InboundView, mesh: MeshConfig) -> Bundle:
    """One cluster per container port: to the address that the client meant, or to the loopback address."""
    return bundle(_cluster(port, view.families, mesh) for port in view.ports)


def _cluster(port: InboundPort, families: Families, mesh: MeshConfig) -> Any:
    name = names.inbound(port.number)
    service = {"host": port.hostname, "name": port.service, "namespace": port.namespace}
    return pb("envoy.config.cluster.v3.Cluster")(
        name=name,
        alt_stat_name=names.stat_name(name),
        connect_timeout=go_duration(mesh.connect_timeout),
        circuit_breakers=UNLIMITED,
        metadata={"filter_metadata": {"istio": struct({"services": [service]})}},
        typed_extension_protocol_options=_http2() if port.protocol.is_http2 else downstream_protocol(),
        **(_loopback(name, port.number, families) if _local(mesh) else _original(families)),
    )


def _local(mesh: MeshConfig) -> bool:
    return mesh.inbound_traffic_policy.mode == "LOCALHOST"


def _original(families: Families) -> Fields:
    return {
        "type": "ORIGINAL_DST",
        "lb_policy": "CLUSTER_PROVIDED",
        "cleanup_interval": {"seconds": 60},
        "upstream_bind_config": loop_guard(families),
    }


def _loopback(name: str, port: int, families: Families) -> Fields:
    address = "127.0.0.1" if families.ipv4 else "::1"
    endpoint = {"endpoint": {"address": socket_address(address, port)}}
    return {
        "type": "STATIC",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
        "upstream_bind_config": loop_guard(families),
    }


def _http2() -> Fields:
    return {KEY: to_any(pb(KEY)(explicit_http_config={"http2_protocol_options": {}}))}
