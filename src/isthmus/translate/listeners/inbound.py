"""The inbound listener of a sidecar: protocol, mutual TLS and destination port decide the filter chain."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from isthmus.api.mesh_config import MeshConfig
from isthmus.model.resource import Resource
from isthmus.model.service import Protocol
from isthmus.protos import pb
from isthmus.translate import names, tls
from isthmus.translate.encoding import resource
from isthmus.translate.inbound import InboundPort, InboundView
from isthmus.translate.listeners import http_manager, inbound_matches
from isthmus.translate.listeners.access_log import listener_logs
from isthmus.translate.listeners.network_filters import (
    http_inspector,
    original_destination,
    original_source,
    tcp_proxy,
    tls_inspector,
)
from isthmus.translate.routes import inbound as inbound_routes
from isthmus.translate.values import Fields, go_duration, socket_address

_TLS_PEEK = 512  # bytes read at first to recognise TLS; most client hellos fit


def virtual_inbound(view: InboundView, mesh: MeshConfig) -> Resource:
    """The listener that takes all captured inbound connections."""
    port = mesh.proxy_inbound_listen_port
    second = view.families.other_wildcard
    listener = pb("envoy.config.listener.v3.Listener")(
        name=names.VIRTUAL_INBOUND,
        address=socket_address(view.families.wildcard, port),
        additional_addresses=[{"address": socket_address(second, port)}] if second else [],
        traffic_direction="INBOUND",
        filter_chains=[_black_hole(port, mesh), *_catch_all(view, mesh), *_service_chains(view, mesh)],
        listener_filters=_listener_filters(view),
        listener_filters_timeout=go_duration(mesh.protocol_detection_timeout),
        continue_on_listener_filters_timeout=True,
        access_log=listener_logs(mesh),
        transparent={"value": True} if view.transparent else None,
    )
    return resource(names.VIRTUAL_INBOUND, listener)


class _Chains(msgspec.Struct, frozen=True):
    """What differs between the chains of one port: names, matches, and the two ways to forward."""

    name: Callable[[bool], str]  # of an HTTP or a TCP chain
    port: int  # 0: any
    http: Callable[[], Any]
    tcp: Callable[[], tuple[Any, ...]]


def _black_hole(port: int, mesh: MeshConfig) -> Fields:
    # A connection straight to this port was not captured; forwarding it would go in circles.
    return {
        "name": "virtualInbound-blackhole",
        "filter_chain_match": {"destination_port": {"value": port}},
        "filters": [tcp_proxy(names.BLACK_HOLE, mesh)],
    }


def _service_chains(view: InboundView, mesh: MeshConfig) -> Iterable[Fields]:
    for port in view.ports:
        yield from _port_chains(view, port, mesh)
    for number, mode in view.other_ports:
        yield from _build(
            inbound_matches.chains(Protocol.AUTO, mode, http10=view.http10), _passthrough(view, mesh, number), mesh
        )


def _catch_all(view: InboundView, mesh: MeshConfig) -> Iterable[Fields]:
    return _build(
        inbound_matches.chains(Protocol.AUTO, view.mode, http10=view.http10), _passthrough(view, mesh, 0), mesh
    )


def _port_chains(view: InboundView, port: InboundPort, mesh: MeshConfig) -> Iterable[Fields]:
    cluster = names.inbound(port.number)
    prefix = f"inbound_0.0.0.0_{port.number}"
    chains = _Chains(
        name=lambda _: f"0.0.0.0_{port.number}",
        port=port.number,
        http=lambda: http_manager.inbound(
            inbound_routes.to_port(port, mesh),
            prefix,
            mesh,
            port.protocol,
            http10=view.http10,
            first=view.authorization.http_filters(),
        ),
        tcp=lambda: (*view.authorization.network_filters(), tcp_proxy(cluster, mesh)),
    )
    return _build(inbound_matches.chains(port.protocol, port.mode, http10=view.http10), chains, mesh)


def _passthrough(view: InboundView, mesh: MeshConfig, port: int) -> _Chains:
    prefix = f"inbound_0.0.0.0_{port}"
    return _Chains(
        name=lambda http: f"{names.VIRTUAL_INBOUND}-catchall-http" if http else names.VIRTUAL_INBOUND,
        port=port,
        http=lambda: http_manager.inbound(
            inbound_routes.passthrough(),
            prefix,
            mesh,
            Protocol.AUTO,
            http10=view.http10,
            first=view.authorization.http_filters(),
        ),
        tcp=lambda: (*view.authorization.network_filters(), tcp_proxy(names.INBOUND_PASSTHROUGH, mesh)),
    )


def _build(matches: Iterable[inbound_matches.ChainMatch], chains: _Chains, mesh: MeshConfig) -> Iterable[Fields]:
    for match in matches:
        fields: Fields = {
            "name": chains.name(match.http),
            "filter_chain_match": _match(match, chains.port),
            "filters": [chains.http()] if match.http else chains.tcp(),
        }
        if match.mesh_tls:
            fields["transport_socket"] = tls.downstream(
                mesh, tls.ALPN_SERVER_HTTP if match.http else tls.ALPN_SERVER_TCP
            )
        yield fields


def _match(match: inbound_matches.ChainMatch, port: int) -> Fields:
    fields: Fields = {"application_protocols": match.alpn}
    if match.transport:
        fields["transport_protocol"] = match.transport
    if port:
        fields["destination_port"] = {"value": port}
    return fields


def _listener_filters(view: InboundView) -> list[Any]:
    source = [original_source()] if view.transparent else []
    without_tls = [port.number for port in view.ports if port.mode == "DISABLE"]
    without_tls += [number for number, mode in view.other_ports if mode == "DISABLE"]
    declared = [port.number for port in view.ports if port.protocol is not Protocol.AUTO]
    return [
        original_destination(),
        *source,
        tls_inspector(_on_ports(without_tls), _TLS_PEEK),
        http_inspector(_on_ports(declared)),
    ]


def _on_ports(ports: Iterable[int]) -> Fields | None:
    """A predicate that holds for connections to these ports; None for no port at all."""
    rules: list[Fields] = [{"destination_port_range": {"start": port, "end": port + 1}} for port in sorted(set(ports))]
    return {"or_match": {"rules": rules}} if len(rules) > 1 else rules[0] if rules else None
