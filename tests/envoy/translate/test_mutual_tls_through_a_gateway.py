"""Real Envoys with translated configuration carry mesh mTLS through a gateway that passes it on by server name."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from application import application
from envoy_program import Envoy, running
from loopback_mesh import Authority, Place, live
from mesh_files import Mesh
from requests_by_hand import http1, http2
from static_bootstrap import resources

CLIENT = "spiffe://cluster.local/ns/sample/sa/client"
SERVER = "spiffe://cluster.local/ns/sample/sa/server"
GATEWAY = "spiffe://cluster.local/ns/istio-system/sa/gateway"
HOST = "hello.sample"
PORTS = (5000, 6000, 7000)  # declared HTTP, sniffed, declared TCP


class Proxies:
    """A client's proxy, a gateway's and a server's, all running."""

    def __init__(self, block: str, envoys: Sequence[Envoy]) -> None:
        self.vip = f"{block}.96.1"
        self.pod = f"{block}.2.5"
        self.gateway_address = f"{block}.2.9"
        self.client, self.server, self.gateway = envoys

    def passed(self, port: int) -> int:
        """Connections that the gateway passed on for a service port."""
        return self.gateway.counter(f"tcp.outbound_.{port}_._.hello.sample.svc.cluster.local;.downstream_cx_total")


@pytest.fixture(scope="module")
def proxies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxies]:
    block = f"127.{os.getpid() % 200 + 20}"  # keeps concurrent runs apart
    path, authority, mesh = tmp_path_factory.mktemp("mesh"), Authority(), Mesh()
    text = (Path(__file__).parent / "mesh_through_a_gateway.yaml").read_text()
    ids = mesh.load(text.replace("@", block))
    app, vip, pod = f"{block}.3.1", f"{block}.96.1", f"{block}.2.5"
    outbound = {"0.0.0.0_5000": [(vip, 5000)], f"{vip}_6000": [(vip, 6000)], f"{vip}_7000": [(vip, 7000)]}
    inbound = {"virtualInbound": [(pod, port) for port in PORTS]}
    places = (
        Place(authority.secrets(path / "client keys", CLIENT), outbound),
        Place(authority.secrets(path / "server keys", SERVER), inbound, app),
        Place(authority.secrets(path / "gateway keys", GATEWAY), {"0.0.0.0_15443": [(f"{block}.2.9", 15443)]}),
    )
    with ExitStack() as stack:
        stack.enter_context(running(path / "application", application(app, PORTS)))
        envoys = [
            stack.enter_context(running(path / proxy, live(resources(mesh.discovery, proxy), place)))
            for proxy, place in zip(ids, places, strict=True)
        ]
        yield Proxies(block, envoys)


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
