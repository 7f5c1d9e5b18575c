"""Real Envoys with translated configuration carry mesh mTLS through a gateway that passes it on by server name."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from gateway_mesh import CLIENT, HOST, SERVER, Proxies, gateway_mesh
from requests_by_hand import http1, http2


@pytest.fixture(scope="module")
def proxies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxies]:
    with gateway_mesh(tmp_path_factory.mktemp("mesh")) as running:
        yield running


def test_a_declared_http_port_is_reached_over_mutual_tls(proxies: Proxies) -> None:
    before = proxies.passed(5000)
    status, body = http1(proxies.vip, 5000, HOST)
    assert (status, body.split()[0]) == (200, "HTTP/1.1")
    assert f"By={SERVER}" in body
    assert f"URI={CLIENT}" in body
    assert proxies.passed(5000) == before + 1
    assert proxies.server.counter("http.inbound_0.0.0.0_5000;.downstream_cx_ssl_total") >= 1


@pytest.mark.parametrize(("request_by", "version"), [(http1, "HTTP/1.1"), (http2, "HTTP/2")])
def test_a_sniffed_port_keeps_the_version_of_http(proxies: Proxies, request_by, version) -> None:
    before = proxies.server.counter("http.inbound_0.0.0.0_6000;.downstream_rq_total")
    status, body = request_by(proxies.vip, 6000, HOST)
    assert (status, body.split()[0]) == (200, version)
    assert f"URI={CLIENT}" in body
    assert proxies.passed(6000) >= 1
    assert proxies.server.counter("http.inbound_0.0.0.0_6000;.downstream_rq_total") == before + 1


def test_a_sniffed_port_carries_what_is_not_http(proxies: Proxies) -> None:
    before = proxies.server.counter("tcp.inbound|6000||;.downstream_cx_total")
    with socket.create_connection((proxies.vip, 6000), timeout=10) as connection:
        connection.sendall(b"\x00\x01 no protocol at all\n")
        assert b"400" in connection.recv(4096)  # the application speaks HTTP only, and says so
    assert proxies.server.counter("tcp.inbound|6000||;.downstream_cx_total") == before + 1


def test_a_tcp_port_is_not_read_on_the_way(proxies: Proxies) -> None:
    status, body = http1(proxies.vip, 7000, HOST)
    assert status == 200
    assert "URI=" not in body  # nobody added a header
    assert proxies.server.counter("tcp.inbound|7000||;.downstream_cx_total") >= 1


def test_plain_text_is_refused_by_a_strict_server(proxies: Proxies) -> None:
    with pytest.raises((OSError, IndexError)):
        http1(proxies.pod, 5000, HOST)


def test_the_gateway_closes_what_is_not_of_the_mesh(proxies: Proxies) -> None:
    with pytest.raises((OSError, IndexError)):
        http1(proxies.gateway_address, 15443, HOST)


def test_an_unknown_host_is_refused_when_the_mesh_says_so(proxies: Proxies) -> None:
    assert http1(proxies.vip, 5000, "example.com")[0] == 502
