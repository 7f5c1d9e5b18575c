"""AUTO_PASSTHROUGH: mesh mTLS passed on undecrypted by its server name, one filter chain per service port.

Connections without one of these names and an ALPN of the mesh match no chain and are closed.
"""

from __future__ import annotations

from collections.abc import Iterable

from isthmus.api.mesh_config import MeshConfig
from isthmus.model.resource import Resource
from isthmus.model.service import Resolution
from isthmus.protos import pb
from isthmus.translate import names, tls
from isthmus.translate.encoding import Part, content_version, part, repeated, serialise
from isthmus.translate.listeners.access_log import listener_logs
from isthmus.translate.listeners.network_filters import tcp_proxy, tls_inspector
from isthmus.translate.types import LISTENER
from isthmus.translate.upstream import Upstream, targets
from isthmus.translate.values import Fields, go_duration, socket_address
from isthmus.translate.views import Families

_FILTER_CHAINS_FIELD = 3  # of Listener


def chains(upstream: Upstream, mesh: MeshConfig) -> tuple[Part, ...]:
    """The filter chains of one service: its ports, and subsets of them."""
    if upstream.service.resolution in (Resolution.ALIAS, Resolution.DNS):
        return ()
    found = (
        names.sni(upstream.service.hostname, target.port.number, target.subset_name) for target in targets(upstream)
    )
    return tuple(_chain(name, mesh) for name in found)


def listener(name: str, addresses: Fields, found: Iterable[Part], mesh: MeshConfig) -> Resource:
    """A TLS listener of a gateway, joined from chains that are serialised already."""
    head = pb("envoy.config.listener.v3.Listener")(
        name=name,
        traffic_direction="OUTBOUND",
        listener_filters=[tls_inspector()],
        listener_filters_timeout=go_duration(mesh.protocol_detection_timeout),
        continue_on_listener_filters_timeout=True,
        access_log=listener_logs(mesh),
        **addresses,
    )
    parts = list(found)
    body = serialise(head) + repeated(_FILTER_CHAINS_FIELD, (one.body for one in parts))
    return Resource(name, LISTENER, body, content_version(body))


def wildcard_addresses(families: Families, port: int) -> Fields:
    """A port on all addresses of all families."""
    fields: Fields = {"address": socket_address(families.wildcard, port)}
    if families.other_wildcard:
        fields["additional_addresses"] = [{"address": socket_address(families.other_wildcard, port)}]
    return fields


def _chain(name: str, mesh: MeshConfig) -> Part:
    return part(
        pb("envoy.config.listener.v3.FilterChain")(
            name=name,
            filter_chain_match={"server_names": [name], "application_protocols": tls.MESH_ANY},
            filters=[tcp_proxy(name, mesh)],
        )
    )
