"""Which kinds of inbound connections a port tells apart, by its protocol and mutual TLS mode (Istio's matrix).

Mesh peers offer ALPNs that nobody else offers, which tells mesh mTLS from the application's own TLS, and HTTP
from TCP inside it.
"""

from __future__ import annotations

import msgspec

from isthmus.model.service import Protocol
from isthmus.translate.peer_authentication import Mode
from isthmus.translate.tls import MESH_ANY, MESH_HTTP, MESH_TCP

TLS = "tls"
RAW = "raw_buffer"


class ChainMatch(msgspec.Struct, frozen=True):
    """One kind of connection: how it is recognised, whether it is HTTP, whether mesh mTLS is ended here."""

    http: bool
    mesh_tls: bool = False
    transport: str = ""
    alpn: tuple[str, ...] = ()


def chains(protocol: Protocol, mode: Mode, *, http10: bool = False) -> tuple[ChainMatch, ...]:
    """The kinds of connections of one port."""
    plain = ("http/1.0", "http/1.1", "h2c") if http10 else ("http/1.1", "h2c")
    if protocol is Protocol.AUTO:
        return _sniffed(mode, plain)
    return _http(mode) if protocol.is_http else _tcp(mode)


def _sniffed(mode: Mode, plain: tuple[str, ...]) -> tuple[ChainMatch, ...]:
    raw = (ChainMatch(http=True, transport=RAW, alpn=plain), ChainMatch(http=False, transport=RAW))
    if mode == "DISABLE":
        return raw
    if mode == "STRICT":
        return (
            ChainMatch(http=True, mesh_tls=True, transport=TLS, alpn=MESH_HTTP),
            ChainMatch(http=False, mesh_tls=True, transport=TLS),
        )
    return (
        ChainMatch(http=True, mesh_tls=True, transport=TLS, alpn=MESH_HTTP),
        raw[0],
        ChainMatch(http=False, mesh_tls=True, transport=TLS, alpn=MESH_TCP),
        raw[1],
        ChainMatch(http=False, transport=TLS),
    )


def _http(mode: Mode) -> tuple[ChainMatch, ...]:
    if mode == "DISABLE":
        return (ChainMatch(http=True, transport=RAW),)
    if mode == "STRICT":
        return (ChainMatch(http=True, mesh_tls=True, transport=TLS),)
    return (
        ChainMatch(http=True, mesh_tls=True, transport=TLS, alpn=MESH_ANY),
        ChainMatch(http=True, transport=RAW),
    )


def _tcp(mode: Mode) -> tuple[ChainMatch, ...]:
    if mode == "DISABLE":
        return (ChainMatch(http=False),)
    if mode == "STRICT":
        return (ChainMatch(http=False, mesh_tls=True, transport=TLS),)
    return (
        ChainMatch(http=False, mesh_tls=True, transport=TLS, alpn=MESH_ANY),
        ChainMatch(http=False, transport=TLS),
        ChainMatch(http=False, transport=RAW),
    )
