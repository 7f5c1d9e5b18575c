"""What a port takes, by protocol and mutual TLS mode: Istio's matrix."""

from __future__ import annotations

import pytest

from isthmus.model.service import Protocol
from isthmus.translate.listeners.inbound_matches import ChainMatch, chains

HTTP = ("istio-http/1.0", "istio-http/1.1", "istio-h2")
MESH = ("istio-peer-exchange", "istio")
ANY = ("istio", "istio-peer-exchange", *HTTP)
PLAIN = ("http/1.1", "h2c")


def short(match: ChainMatch) -> tuple[str, str, tuple[str, ...], str]:
    kind = "http" if match.http else "tcp"
    return match.transport, kind, match.alpn, "ends TLS" if match.mesh_tls else "as is"


@pytest.mark.parametrize(
    ("protocol", "mode", "expected"),
    [
        (
            Protocol.AUTO,
            "PERMISSIVE",
            [
                ("tls", "http", HTTP, "ends TLS"),
                ("raw_buffer", "http", PLAIN, "as is"),
                ("tls", "tcp", MESH, "ends TLS"),
                ("raw_buffer", "tcp", (), "as is"),
                ("tls", "tcp", (), "as is"),
            ],
        ),
        (Protocol.AUTO, "STRICT", [("tls", "http", HTTP, "ends TLS"), ("tls", "tcp", (), "ends TLS")]),
        (Protocol.AUTO, "DISABLE", [("raw_buffer", "http", PLAIN, "as is"), ("raw_buffer", "tcp", (), "as is")]),
        (Protocol.GRPC, "PERMISSIVE", [("tls", "http", ANY, "ends TLS"), ("raw_buffer", "http", (), "as is")]),
        (Protocol.HTTP, "STRICT", [("tls", "http", (), "ends TLS")]),
        (Protocol.HTTP, "DISABLE", [("raw_buffer", "http", (), "as is")]),
        (
            Protocol.TCP,
            "PERMISSIVE",
            [("tls", "tcp", ANY, "ends TLS"), ("tls", "tcp", (), "as is"), ("raw_buffer", "tcp", (), "as is")],
        ),
        (Protocol.MYSQL, "STRICT", [("tls", "tcp", (), "ends TLS")]),
        (Protocol.TLS, "DISABLE", [("", "tcp", (), "as is")]),
    ],
)
def test_a_port_tells_these_connections_apart(protocol, mode, expected) -> None:
    assert [short(match) for match in chains(protocol, mode)] == expected


def test_http_1_0_is_recognised_only_when_asked_for() -> None:
    assert ("http/1.0", *PLAIN) in [match.alpn for match in chains(Protocol.AUTO, "DISABLE", http10=True)]
    assert all("http/1.0" not in match.alpn for match in chains(Protocol.AUTO, "PERMISSIVE"))
