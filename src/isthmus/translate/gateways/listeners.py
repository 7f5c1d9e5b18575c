"""Listeners of gateways, joined from filter chains that are serialised already."""

from __future__ import annotations

from collections.abc import Iterable

from isthmus.api.mesh_config import MeshConfig
from isthmus.model.resource import Resource
from isthmus.protos import pb
from isthmus.translate import names
from isthmus.translate.encoding import Part, content_version, repeated, serialise
from isthmus.translate.gateways.servers import Opening
from isthmus.translate.listeners.access_log import listener_logs
from isthmus.translate.listeners.network_filters import tls_inspector
from isthmus.translate.types import LISTENER
from isthmus.translate.values import Fields, go_duration, socket_address
from isthmus.translate.views import Families

_FILTER_CHAINS_FIELD = 3  # of Listener


def listener(opening: Opening, families: Families, chains: Iterable[Part], mesh: MeshConfig) -> Resource | None:
    """The listener of a port; None when no chain would take anything."""
    parts = list(chains)
    if not parts:
        return None
    name = names.listener(opening.bind or families.wildcard, opening.port)
    head = pb("envoy.config.listener.v3.Listener")(
        name=name,
        traffic_direction="OUTBOUND",
        access_log=listener_logs(mesh),
        **_addresses(opening, families),
        **(_inspected(mesh) if opening.kind == "tls" else {}),
    )
    body = serialise(head) + repeated(_FILTER_CHAINS_FIELD, (one.body for one in parts))
    return Resource(name, LISTENER, body, content_version(body))


def _inspected(mesh: MeshConfig) -> Fields:
    return {
        "listener_filters": [tls_inspector()],
        "listener_filters_timeout": go_duration(mesh.protocol_detection_timeout),
        "continue_on_listener_filters_timeout": True,
    }


def _addresses(opening: Opening, families: Families) -> Fields:
    if opening.bind:
        return {"address": socket_address(opening.bind, opening.port)}
    fields: Fields = {"address": socket_address(families.wildcard, opening.port)}
    if families.other_wildcard:
        fields["additional_addresses"] = [{"address": socket_address(families.other_wildcard, opening.port)}]
    return fields
