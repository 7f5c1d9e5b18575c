"""Outbound listeners of sidecars: one per virtual address and port, one per HTTP port, and the catch-all.

Only ``virtualOutbound`` binds its port; it hands captured connections to the others by their destination.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from isthmus.api.mesh_config import MeshConfig
from isthmus.model.resource import Resource
from isthmus.model.service import Protocol, ServicePort
from isthmus.protos import pb
from isthmus.translate import names
from isthmus.translate.encoding import Bundle, bundle, resource
from isthmus.translate.listeners import http_manager
from isthmus.translate.listeners.access_log import listener_logs
from isthmus.translate.listeners.network_filters import http_inspector, tcp_proxy, tls_inspector
from isthmus.translate.listeners.tcp_routes import TcpChains
from isthmus.translate.values import Fields, go_duration, socket_address
from isthmus.translate.views import Families, OutboundView

_BOOTSTRAP_PORTS = (15021, 15090)  # readiness and metrics, listeners of the bootstrap
PLAIN_HTTP = ("http/1.1", "h2c")
"""What the HTTP inspector reports for HTTP/1 and for HTTP/2 without TLS."""


def is_reserved(port: int, mesh: MeshConfig) -> bool:
    """Whether a proxy listens on this port itself: Envoy refuses a second listener on the wildcard address."""
    return port in (mesh.proxy_listen_port, mesh.proxy_inbound_listen_port, *_BOOTSTRAP_PORTS)


def catch_all(view: OutboundView, mesh: MeshConfig) -> Resource:
    """``virtualOutbound``: hands over what a more specific listener wants, lets the rest pass or ends it."""
    cluster = _unknown(view)
    port = mesh.proxy_listen_port
    listener = pb("envoy.config.listener.v3.Listener")(
        name=names.VIRTUAL_OUTBOUND,
        use_original_dst={"value": True},
        filter_chains=[
            {
                "name": "virtualOutbound-blackhole",
                "filter_chain_match": {"destination_port": {"value": port}},
                "filters": [tcp_proxy(names.BLACK_HOLE, mesh)],
            },
            {"name": "virtualOutbound-catchall-tcp", "filters": [tcp_proxy(cluster, mesh)]},
        ],
        **_wildcard(view.families, port),
        **_outbound(mesh),
        **({"transparent": {"value": True}} if view.transparent else {}),
    )
    return resource(names.VIRTUAL_OUTBOUND, listener)


def http_port(view: OutboundView, port: int, mesh: MeshConfig) -> Resource:
    """The listener that all HTTP services on one port share; what is not HTTP goes where unknown traffic goes."""
    name = names.listener(view.families.wildcard, port)
    manager = http_manager.outbound(str(port), f"outbound_{name}", mesh, Protocol.HTTP, http10=view.http10)
    listener = pb("envoy.config.listener.v3.Listener")(
        name=name,
        filter_chains=[_http_chain(view, manager)],
        default_filter_chain={
            "name": "PassthroughFilterChain",
            "filters": [tcp_proxy(_unknown(view), mesh)],
        },
        **_wildcard(view.families, port),
        **_unbound(mesh),
        **_sniffing(mesh),
    )
    return resource(name, listener)


def on_addresses(
    view: OutboundView, port: ServicePort, addresses: Sequence[str], hostname: str, mesh: MeshConfig, chains: TcpChains
) -> Any:
    """The listener of one service port that is not (or not surely) HTTP; the first address names it."""
    name = names.listener(addresses[0], port.number)
    fields: Fields = {"filter_chains": chains.matched}
    if port.protocol is Protocol.AUTO:
        route = names.sniffed_route(hostname, port.number)
        manager = http_manager.outbound(route, f"outbound_{name}", mesh, port.protocol, http10=view.http10)
        fields = {"filter_chains": [*chains.matched, _http_chain(view, manager)], **_sniffing(mesh)}
        fields["default_filter_chain"] = chains.default
    else:
        fields["filter_chains"] = [*chains.matched, chains.default]
        if chains.by_sni:
            fields |= {"listener_filters": [tls_inspector()], **_patience(mesh)}
    return pb("envoy.config.listener.v3.Listener")(
        name=name, **_addresses(addresses, port.number), **_unbound(mesh), **fields
    )


def service_listeners(listeners: Iterable[Any]) -> Bundle:
    """Listeners of one service as resources."""
    return bundle(listeners)


def _unknown(view: OutboundView) -> str:
    return names.PASSTHROUGH if view.allow_any else names.BLACK_HOLE


def _http_chain(view: OutboundView, manager: Any) -> Fields:
    found = ("http/1.0", *PLAIN_HTTP) if view.http10 else PLAIN_HTTP
    match = {"transport_protocol": "raw_buffer", "application_protocols": found}
    return {"filter_chain_match": match, "filters": [manager]}


def _sniffing(mesh: MeshConfig) -> Fields:
    return {"listener_filters": [tls_inspector(), http_inspector()], **_patience(mesh)}


def _patience(mesh: MeshConfig) -> Fields:
    return {
        "listener_filters_timeout": go_duration(mesh.protocol_detection_timeout),
        "continue_on_listener_filters_timeout": True,
    }


def _outbound(mesh: MeshConfig) -> Fields:
    return {"traffic_direction": "OUTBOUND", "access_log": listener_logs(mesh)}


def _unbound(mesh: MeshConfig) -> Fields:
    return {"bind_to_port": {"value": False}, **_outbound(mesh)}


def _addresses(addresses: Sequence[str], port: int) -> Fields:
    first, *others = addresses
    fields: Fields = {"address": socket_address(first, port)}
    if others:
        fields["additional_addresses"] = [{"address": socket_address(other, port)} for other in others]
    return fields


def _wildcard(families: Families, port: int) -> Fields:
    second = families.other_wildcard
    return _addresses([families.wildcard, second] if second else [families.wildcard], port)
