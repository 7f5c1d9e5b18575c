"""A real Envoy and a whole mesh: what users change reaches the proxy as single virtual hosts, and no request fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from envoy_configuration import bootstrap
from mesh_plane import MeshPlane, config, places, service
from running_envoy import Envoy, free_port, get, until
from steady_traffic import traffic

from isthmus.cli.proxy_diff import compare
from isthmus.control_plane.config_dump import sections
from isthmus.protos import to_any
from isthmus.xds import order

SERVICES = 40
HOSTS = (
    "svc-1.apps",
    "svc-2.apps.svc",
    "svc-3.apps.svc.cluster.local",
    "10.96.0.4",
    "svc-5.apps:80",
    "api.example.com",
)


def capable(port: int) -> dict[str, Any]:
    result = bootstrap(port, "DELTA_GRPC")
    result["node"]["metadata"]["VIRTUAL_HOST_DISCOVERY"] = "true"
    return result


@pytest.fixture
async def mesh_plane(backend: Callable[..., Any]) -> AsyncIterator[Callable[[int], Any]]:
    async with AsyncExitStack() as stack:

        async def start(port: int) -> MeshPlane:
            plane, place = MeshPlane(port), await backend("one")
            stack.push_async_callback(lambda: plane.rpc.close())
            for number in range(SERVICES):
                name = f"svc-{number}"
                plane.mesh.apply(service(name, "apps", f"10.96.0.{number}"), places(name, "apps", place))
            to = {"route": [{"destination": {"host": "svc-0.apps.svc.cluster.local"}}]}
            plane.mesh.apply(config("VirtualService", "apps", "outside", {"hosts": ["api.example.com"], "http": [to]}))
            plane.place = place
            return plane

        yield start


async def test_nothing_fails_while_services_and_virtual_services_come_change_and_go(mesh_plane, envoy):
    port = free_port()
    plane = await mesh_plane(port)
    proxy = await envoy(capable(await plane.listen()))
    await until(lambda: plane.settled(order.VIRTUAL_HOST))
    async with traffic(port, *HOSTS) as flow:
        for step in range(100):
            for document in changes(plane, step):
                plane.mesh.apply(document)
            if step:
                plane.mesh.apply(service(f"extra-{step - 1}", "apps", "10.96.9.9"), remove=True)
            plane.mesh.apply(service(f"extra-{step}", "apps", "10.96.9.9"))  # its address moves to another name
            if step % 4 == 0:
                await until(lambda: plane.settled(order.VIRTUAL_HOST))
        await until(lambda: plane.settled(order.VIRTUAL_HOST) and plane.settled(order.CLUSTER))
        before = flow.count
        await until(lambda: flow.count >= max(500, before + 100))
    await expect_in_step(plane, proxy)


def changes(plane: MeshPlane, step: int) -> list[dict[str, Any]]:
    """A changed VirtualService of one service; now and then with a new subset in place of the last one."""
    name = f"svc-{step % 6}"
    destination = {"host": name, "subset": f"s{step}"} if step % 5 == 0 else {"host": name}
    header = {"request": {"set": {"x-step": str(step)}}}
    spec = {"hosts": [name], "http": [{"route": [{"destination": destination}], "headers": header}]}
    rule = config("DestinationRule", "apps", name, {"host": name, "subsets": [{"name": f"s{step}"}]})
    return [*([rule] if step % 5 == 0 else []), config("VirtualService", "apps", name, spec)]


async def expect_in_step(plane: MeshPlane, proxy: Envoy) -> None:
    """What Envoy shows is what the control plane shows, and tools see nothing outstanding."""
    sent = [to_any(section) for section in sections(plane.mesh.discovery, plane.proxy).values()]
    assert "Routes Match\n" in compare(sent, await proxy.config("/config_dump"))
    (row,) = plane.xds.syncz()
    assert row["route_sent"] == row["route_acked"] != ""
    assert all(one["sent"] == one["acked"] and not one["lastError"] for one in row["resources"].values())


async def test_a_change_of_one_virtual_service_is_one_virtual_host(mesh_plane, envoy):
    port = free_port()
    plane = await mesh_plane(port)
    await envoy(capable(await plane.listen()))
    await until(lambda: plane.settled(order.VIRTUAL_HOST))
    told: list[Any] = []
    plane.mesh.discovery.observe(told.append)
    plane.mesh.apply(*changes(plane, 1))
    assert [set(one) for one in told[0].values()] == [{order.VIRTUAL_HOST}]
    assert [one[order.VIRTUAL_HOST] for one in told[0].values()] == [{"80/svc-1.apps.svc.cluster.local:80"}]


async def test_hosts_that_requests_name_are_no_names_that_envoy_asks_for(mesh_plane, envoy):
    """Nobody can make a proxy's stream carry, or a control plane remember, what is in the Host headers of requests."""
    port = free_port()
    plane = await mesh_plane(port)
    plane.mesh.apply(partial())
    await envoy(capable(await plane.listen()))
    await until(lambda: plane.settled(order.VIRTUAL_HOST))
    (stream,) = plane.xds.connections
    answers = await asyncio.gather(*(get(port, host=f"host-{number}.partial.test") for number in range(300)))
    assert {status for status, _ in answers} == {404}  # they have a virtual host, but no route for this path
    odd = ("x" * 5000, "a/b", "80/svc-1.apps.svc.cluster.local:80", "*", "..", "svc-1.apps:0", "[::1]:80")
    await asyncio.gather(*(get(port, host=host) for host in (*odd, *(f"{'x' * 100}-{n}" for n in range(300)))))
    plane.mesh.apply(*changes(plane, 1))
    await until(lambda: plane.settled(order.VIRTUAL_HOST))
    assert tuple(plane.xds.connections) == (stream,)
    assert plane.source.hosts == {"80/svc-1.apps.svc.cluster.local:80"}
    assert (await get(port, host="svc-1.apps"))[0] == 200


async def test_an_envoy_that_is_made_to_ask_for_hosts_of_requests_keeps_its_stream(mesh_plane, envoy):
    """By Envoy's own filter, which this control plane does not configure."""
    port = free_port()
    plane = await mesh_plane(port)
    plane.source.on_demand = True
    plane.mesh.apply(partial())
    await envoy(capable(await plane.listen()))
    await until(lambda: plane.settled(order.VIRTUAL_HOST))
    (stream,) = plane.xds.connections
    hosts = [f"host-{number}.partial.test" for number in range(300)]
    async with asking(port, f"{'x' * 5000}.partial.test", *hosts):
        await until(lambda: plane.source.hosts >= {f"80/{host}" for host in hosts})
        plane.mesh.apply(*changes(plane, 1))
        await until(lambda: plane.settled(order.VIRTUAL_HOST))
        assert tuple(plane.xds.connections) == (stream,)
        assert (await get(port, host="svc-1.apps"))[0] == 200


@asynccontextmanager
async def asking(port: int, *hosts: str) -> AsyncIterator[None]:
    """Requests that may never be answered: Envoy holds them until there is a virtual host."""
    async with AsyncExitStack() as stack:
        for host in hosts:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            stack.push_async_callback(_aborted, reader, writer)
            writer.write(f"GET / HTTP/1.1\r\nhost: {host}\r\n\r\n".encode())
        yield


async def _aborted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    await asyncio.wait((asyncio.create_task(writer.wait_closed()),))


def partial() -> dict[str, Any]:
    """Many hosts, of which requests have a route for one path only."""
    to = {"host": "svc-0.apps.svc.cluster.local"}
    only = {"match": [{"uri": {"exact": "/only"}}], "route": [{"destination": to}]}
    return config("VirtualService", "apps", "partial", {"hosts": ["*.partial.test"], "http": [only]})


async def test_a_control_plane_without_discovery_of_virtual_hosts_takes_over_and_gives_back(mesh_plane, envoy):
    """A proxy that has whole route configurations keeps getting them: going back would leave it without for a while."""
    port = free_port()
    plane = await mesh_plane(port)
    proxy = await envoy(capable(await plane.listen()))
    await until(lambda: plane.settled(order.VIRTUAL_HOST))
    async with traffic(port, *HOSTS) as flow:
        for step, piecewise in enumerate((True, False, True, True), 1):
            await plane.restart(virtual_host_discovery=piecewise)
            await until(lambda: len(tuple(plane.xds.connections)) == 1)
            plane.mesh.apply(*changes(plane, step))
            plane.mesh.apply(service(f"extra-{step}", "apps", "10.96.9.9"))
            of_type = order.VIRTUAL_HOST if step == 1 else order.ROUTE
            await until(lambda of_type=of_type: plane.settled(of_type))
            await until(lambda host=f"extra-{step}.apps": answered(port, host))
            plane.mesh.apply(service(f"extra-{step}", "apps", "10.96.9.9"), remove=True)
            await until(lambda of_type=of_type: plane.settled(of_type))
            before = flow.count
            await until(lambda before=before: flow.count >= before + 100)
    assert "vhds" not in str(await proxy.config("/config_dump?resource=dynamic_route_configs"))


async def answered(port: int, host: str) -> bool:
    return (await get(port, host=host))[0] == 503  # it has no endpoints, but is known
