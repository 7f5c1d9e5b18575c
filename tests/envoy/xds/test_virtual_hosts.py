"""A real Envoy takes virtual hosts one by one, and serves every request while they come, change and go."""

from __future__ import annotations

import asyncio

from envoy_configuration import bootstrap, cluster, endpoints, listener, piecewise, virtual_host
from running_envoy import free_port, get, until
from steady_traffic import traffic

from isthmus.xds import order

NOBODY = 418  # nothing but the virtual host for all others was there


def hosts(count: int, cluster: str = "one", rc: str = "80"):
    return [virtual_host(f"{rc}/host-{number}.test", cluster) for number in range(count)]


def whole(name: str, hosts):
    """The same with the virtual hosts inside."""
    result = piecewise(name)
    result.ClearField("vhds")
    result.virtual_hosts.extend(hosts)
    return result


async def served(control_plane, backend, port: int, count: int = 20):
    plane = control_plane()
    place = await backend("one")
    plane.store.put(cluster("one"), endpoints("one", place), listener(port, "80"), piecewise("80"), *hosts(count))
    return plane


async def test_no_request_meets_a_route_configuration_without_its_virtual_hosts_at_start(control_plane, envoy, backend):
    port = free_port()
    plane = await served(control_plane, backend, port, 200)
    async with traffic(port, *(f"host-{number}.test" for number in range(200))) as flow:
        await envoy(bootstrap(await plane.listen(), "DELTA_GRPC"))
        await until(lambda: flow.count >= 1000)
    assert (await get(port, host="other.test"))[0] == NOBODY


async def test_nothing_fails_while_virtual_hosts_come_change_and_go(control_plane, envoy, backend):
    port = free_port()
    plane = await served(control_plane, backend, port)
    places = [await backend("one"), await backend("one")]
    await envoy(bootstrap(await plane.listen(), "DELTA_GRPC"))
    await until(lambda: plane.acknowledged(order.VIRTUAL_HOST))
    old = "one"
    async with traffic(port, *(f"host-{number}.test" for number in range(10))) as flow:
        for step in range(150):
            new = f"c{step}" if step % 10 == 0 else old
            moved = [virtual_host(f"80/host-{number}.test", new, mark=f"{step}") for number in (step % 10, 15)]
            if new != old:
                moved = [virtual_host(f"80/host-{number}.test", new, mark=f"{step}") for number in range(20)]
                moved += [cluster(new), endpoints(new, places[step % 2])]
            gone = {order.CLUSTER: {old}, order.ENDPOINT: {old}} if new != old else {}
            extra = [virtual_host(f"80/extra-{step}.test", new, "moving.test", f"extra-{step}.test")]
            gone |= {order.VIRTUAL_HOST: {f"80/extra-{step - 1}.test"}} if step else {}
            plane.store.put(*moved, *extra, removed=gone)
            old = new
            if step % 3 == 0:
                await until(lambda: plane.acknowledged(order.VIRTUAL_HOST))
        await until(lambda: plane.acknowledged(order.VIRTUAL_HOST) and plane.acknowledged(order.CLUSTER))
        await until(lambda: flow.count >= 500)
    assert not [
        stream.ledgers[order.VIRTUAL_HOST].error
        for stream in plane.xds.connections
        if stream.ledgers[order.VIRTUAL_HOST].error
    ]
    assert (await get(port, host="moving.test"))[0] == 200
    assert (await get(port, host="extra-3.test"))[0] == NOBODY


async def test_a_listener_that_comes_later_serves_at_once_and_so_does_one_without_virtual_hosts(
    control_plane, envoy, backend
):
    port, later, empty = free_port(), free_port(), free_port()
    plane = await served(control_plane, backend, port)
    await envoy(bootstrap(await plane.listen(), "DELTA_GRPC"))
    await until(lambda: plane.acknowledged(order.VIRTUAL_HOST))
    async with traffic(later, "host-1.test", "host-2.test") as flow:
        plane.store.put(listener(later, "81"), piecewise("81"), *hosts(20, rc="81"))
        plane.store.put(listener(empty, "82"), piecewise("82"))
        await until(lambda: flow.count >= 100)
    await until(lambda: answers(empty, "host-1.test", NOBODY))

    plane.store.put(*hosts(1, rc="82"))
    await until(lambda: answers(empty, "host-0.test", 200))


async def test_a_listener_that_went_and_comes_again_has_its_virtual_hosts(control_plane, envoy, backend):
    port, other = free_port(), free_port()
    plane = await served(control_plane, backend, port)
    plane.store.put(listener(other, "81"), piecewise("81"), *hosts(5, rc="81"))
    await envoy(bootstrap(await plane.listen(), "DELTA_GRPC"), "--drain-time-s", "1")
    for wait in (0.0, 0.5, 2.0):
        await until(lambda: answers(other, "host-1.test", 200))
        plane.store.put(removed={order.LISTENER: {f"listener-{other}"}})
        await until(lambda: answers(other, "host-1.test", 0))
        plane.store.put(virtual_host("81/host-2.test", "one", mark=f"{wait}"))
        await asyncio.sleep(wait)  # Envoy drops what a listener had some time after it
        async with traffic(other, "host-1.test", "host-2.test") as flow:
            plane.store.put(listener(other, "81"))
            await until(lambda: flow.count >= 20)


async def test_a_stream_that_ends_costs_no_request_and_only_the_difference_is_sent(control_plane, envoy, backend):
    port = free_port()
    plane = await served(control_plane, backend, port)
    await envoy(bootstrap(await plane.listen(), "DELTA_GRPC"))
    await until(lambda: plane.acknowledged(order.VIRTUAL_HOST))
    async with traffic(port, "host-1.test", "host-2.test") as flow:
        for step in range(3):
            await streams_ended(plane)
            plane.store.put(virtual_host("80/host-3.test", "one", mark=f"{step}"))
            plane.store.put(removed={order.VIRTUAL_HOST: {f"80/host-{10 + step}.test"}})
            await until(lambda: plane.acknowledged(order.VIRTUAL_HOST))
        await until(lambda: flow.count >= 50)
    assert (await get(port, host="host-12.test"))[0] == NOBODY
    held = dict(plane.store.resumed)[order.VIRTUAL_HOST]
    assert {f"80/host-{number}.test" for number in range(10)} <= held.keys()


async def test_a_virtual_host_that_clashes_keeps_no_other_from_being_applied_and_comes_when_it_can(
    control_plane, envoy, backend
):
    port = free_port()
    plane = await served(control_plane, backend, port)
    await envoy(bootstrap(await plane.listen(), "DELTA_GRPC"))
    await until(lambda: plane.acknowledged(order.VIRTUAL_HOST))
    async with traffic(port, *(f"host-{number}.test" for number in range(19))):
        clashing = virtual_host("80/clashing.test", "one", "clashing.test", "host-19.test")
        plane.store.put(clashing, *(virtual_host(f"80/new-{number}.test", "one") for number in range(5)))
        for number in range(5):
            await until(lambda host=f"new-{number}.test": answers(port, host, 200))
        assert await answers(port, "clashing.test", NOBODY)
        plane.store.put(virtual_host("80/host-19.test", "one", "renamed.test"))
        await until(lambda: answers(port, "clashing.test", 200))
        assert await answers(port, "host-19.test", 200)


async def streams_ended(plane) -> None:
    """Ends all streams; Envoy may be back with another one already."""
    former = tuple(plane.xds.connections)
    for stream in former:
        stream.end()
    await until(lambda: not [one for one in plane.xds.connections if one in former])


async def answers(port: int, host: str, status: int) -> bool:
    try:
        return (await get(port, host=host))[0] == status
    except ConnectionResetError:  # the listener was closed meanwhile
        return status == 0


async def test_a_whole_route_configuration_takes_over_without_a_gap(control_plane, envoy, backend):
    """As when virtual-host discovery is turned off: what is gone is not removed one by one, which would empty it."""
    port = free_port()
    plane = await served(control_plane, backend, port)
    await envoy(bootstrap(await plane.listen(), "DELTA_GRPC"))
    await until(lambda: plane.acknowledged(order.VIRTUAL_HOST))
    gone = {order.VIRTUAL_HOST: {host.name for host in hosts(20)}}
    async with traffic(port, "host-1.test", "host-2.test") as flow:
        plane.store.put(whole("80", hosts(20)), removed=gone)
        await until(lambda: plane.acknowledged(order.ROUTE))
        await streams_ended(plane)
        await until(lambda: plane.xds.connections and not [1 for one in plane.xds.connections if one.pending])
        changed = [virtual_host("80/host-1.test", "one", mark="new"), *hosts(20)[2:]]
        plane.store.put(whole("80", changed))
        await until(lambda: plane.acknowledged(order.ROUTE))
        before = flow.count
        await until(lambda: flow.count >= before + 100)
    assert (await get(port, host="host-0.test"))[0] == NOBODY


async def test_envoy_uses_a_route_configuration_before_its_virtual_hosts_where_it_had_a_whole_one(
    control_plane, envoy, backend
):
    """This is why proxies that come with whole ones are given whole ones."""
    port = free_port()
    plane = control_plane()
    place = await backend("one")
    plane.store.put(cluster("one"), endpoints("one", place), listener(port, "80"), whole("80", hosts(20)))
    await envoy(bootstrap(await plane.listen(), "DELTA_GRPC"))
    await until(lambda: plane.acknowledged(order.ROUTE))
    assert await answers(port, "host-1.test", 200)
    plane.store.put(piecewise("80"))
    await until(lambda: plane.acknowledged(order.ROUTE))
    assert await answers(port, "host-1.test", NOBODY)
