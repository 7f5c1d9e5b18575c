"""A client's proxy, a gateway's and a server's in two networks, as real Envoys with translated configuration."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from application import application
from envoy_program import Envoy, running
from loopback_mesh import Authority, Place, live
from mesh_files import Mesh
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


@contextmanager
def gateway_mesh(path: Path, log: str = "") -> Iterator[Proxies]:
    """The mesh of `mesh_through_a_gateway.yaml`, running until the block ends.

    `log` are more fields of the mesh's configuration, as inline YAML.
    """
    block = f"127.{os.getpid() % 200 + 20}"  # keeps concurrent runs apart
    authority, mesh = Authority(), Mesh()
    text = (Path(__file__).parent / "mesh_through_a_gateway.yaml").read_text()
    ids = mesh.load(text.replace("@", block).replace("\nmesh: {", f"\nmesh: {{{log}, " if log else "\nmesh: {"))
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
