"""Clusters that every sidecar has, whatever services there are."""

from __future__ import annotations

from isthmus.api.mesh_config import MeshConfig
from isthmus.protos import pb, to_any
from isthmus.translate import names
from isthmus.translate.clusters.limits import UNLIMITED
from isthmus.translate.encoding import Bundle, bundle
from isthmus.translate.values import Fields, go_duration
from isthmus.translate.views import Families

LOOP_GUARD_V4 = "127.0.0.6"
LOOP_GUARD_V6 = "::6"
"""Source addresses that capture rules let pass: traffic from the proxy to its own application."""


def special(mesh: MeshConfig, families: Families) -> Bundle:
    """The black hole, the way out for unknown destinations, and the way in for ports without a service."""
    cluster = pb("envoy.config.cluster.v3.Cluster")
    return bundle(
        (
            black_hole(),
            cluster(name=names.PASSTHROUGH, **_original_destination(mesh)),
            cluster(
                name=names.INBOUND_PASSTHROUGH,
                upstream_bind_config=loop_guard(families),
                **_original_destination(mesh),
            ),
        )
    )


def black_hole() -> object:
    """A cluster without endpoints."""
    return pb("envoy.config.cluster.v3.Cluster")(
        name=names.BLACK_HOLE,
        type="STATIC",
        connect_timeout={"seconds": 10},
        alt_stat_name=names.stat_name(names.BLACK_HOLE),
    )


def loop_guard(families: Families) -> Fields:
    """Binds connections to the application to the address that capture rules recognise."""
    first, second = LOOP_GUARD_V4, LOOP_GUARD_V6
    if not families.ipv4:
        return {"source_address": _any_port(second)}
    extra = [{"address": _any_port(second)}] if families.ipv6 else []
    return {"source_address": _any_port(first), "extra_source_addresses": extra}


def downstream_protocol() -> Fields:
    """Speak upstream whatever HTTP version the client speaks."""
    options = pb("envoy.extensions.upstreams.http.v3.HttpProtocolOptions")(
        use_downstream_protocol_config={"http_protocol_options": {}, "http2_protocol_options": {}}
    )
    return {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": to_any(options)}


def _any_port(address: str) -> Fields:
    return {"address": address, "port_value": 0}


def _original_destination(mesh: MeshConfig) -> Fields:
    return {
        "type": "ORIGINAL_DST",
        "lb_policy": "CLUSTER_PROVIDED",
        "connect_timeout": go_duration(mesh.connect_timeout),
        "circuit_breakers": UNLIMITED,
        "typed_extension_protocol_options": downstream_protocol(),
    }
