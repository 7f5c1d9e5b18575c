"""Envoy makes new connections to a gateway of another generation, and no request is lost by that."""

from __future__ import annotations

import asyncio
from typing import Any

from envoy_configuration import bootstrap, cluster, listener, route
from running_envoy import free_port, get, until

from isthmus.model.locality import Locality
from isthmus.protos import pb
from isthmus.translate.endpoints.assignment import encode
from isthmus.translate.endpoints.hosts import Host, group
from isthmus.xds import order


class KeptAlive:
    """An HTTP server that keeps its connections, and counts them and the requests that came on the newest."""

    def __init__(self) -> None:
        self.connections = 0
        self.newest = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.newest, number = 0, self.connections
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                self.newest += number == self.connections
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        except asyncio.IncompleteReadError:
            writer.close()


def gateway(port: int, generation: int) -> Any:
    """The endpoints of cluster ``a``: one gateway."""
    host = Host("127.0.0.1", port, 1, mesh_tls=False, workload="", labels={}, generation=generation)
    body = encode("a", [group(Locality("eu", "eu-1"), [host])]).body
    return pb("envoy.config.endpoint.v3.ClusterLoadAssignment").FromString(body)


async def test_a_new_generation_gets_new_connections_and_costs_no_request(control_plane, envoy):
    plane, server, port = control_plane(), KeptAlive(), free_port()
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening:
        place = int(listening.sockets[0].getsockname()[1])
        plane.store.put(listener(port, "80"), route("80", "a"), cluster("a"), gateway(place, 0))
        await envoy(bootstrap(await plane.listen(), "DELTA_GRPC"))
        await until(lambda: plane.acknowledged(order.ROUTE))
        done, answers = asyncio.Event(), []
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(call(port, answers, done))
            await until(lambda: server.newest >= 20)
            for generation in range(1, 21):
                before = server.connections
                plane.store.put(gateway(place, generation))
                await until(lambda before=before: server.connections > before and server.newest >= 5)
            done.set()
        assert {status for status, _ in answers} == {200}
        assert server.connections == 21, "connections live on while the generation stays"


async def call(port: int, answers: list[tuple[int, str]], done: asyncio.Event) -> None:
    while not done.is_set():
        answers.append(await get(port))
