"""A real Envoy takes its configuration from the server, follows its changes, and keeps serving meanwhile."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from envoy_configuration import bootstrap, cluster, endpoints, listener, route
from running_envoy import free_port, get, until

from isthmus.xds import order

VARIANTS = ("DELTA_GRPC", "GRPC")


@pytest.mark.parametrize("variant", VARIANTS)
async def test_an_envoy_is_configured_and_follows_changes(variant, control_plane, envoy, backend):
    plane = control_plane()
    port, first, second = free_port(), await backend("one"), await backend("two")
    plane.store.put(listener(port, "80"), route("80", "a"), cluster("a"), endpoints("a", first))
    await envoy(bootstrap(await plane.listen(), variant))
    await until(lambda: plane.acknowledged(order.ROUTE))
    assert await get(port) == (200, "one")

    plane.store.put(endpoints("a", second))
    await until(lambda: plane.acknowledged(order.ENDPOINT))
    assert await get(port) == (200, "two")

    plane.store.put(cluster("b"), endpoints("b", first), route("80", "b"), removed={order.CLUSTER: {"a"}})
    await until(lambda: plane.acknowledged(order.ROUTE) and plane.acknowledged(order.CLUSTER))
    assert await get(port) == (200, "one")


@pytest.mark.parametrize("variant", VARIANTS)
async def test_a_changed_cluster_with_unchanged_endpoints_leaves_warming(variant, control_plane, envoy, backend):
    plane = control_plane()
    plane.store.put(cluster("a"), endpoints("a", await backend("one")))
    proxy = await envoy(bootstrap(await plane.listen(), variant))
    await until(lambda: plane.acknowledged(order.ENDPOINT))

    plane.store.put(cluster("a", seconds=7))
    await until(lambda: plane.acknowledged(order.CLUSTER))
    dump = await proxy.config("/config_dump?resource=dynamic_warming_clusters")
    active = await proxy.config("/config_dump?resource=dynamic_active_clusters")
    assert not dump
    assert active["configs"][0]["cluster"]["connect_timeout"] == "7s"


async def test_a_route_that_moves_to_a_new_cluster_loses_no_request(control_plane, envoy, backend):
    plane = control_plane()
    port, places = free_port(), {name: await backend(name) for name in "abcdef"}
    plane.store.put(listener(port, "80"), route("80", "a"), cluster("a"), endpoints("a", places["a"]))
    await envoy(bootstrap(await plane.listen(), "DELTA_GRPC"))
    await until(lambda: plane.acknowledged(order.ROUTE))

    answers: list[tuple[int, str]] = []
    async with asyncio.TaskGroup() as group:
        moving = asyncio.Event()
        group.create_task(hammer(port, answers, moving))
        for old, new in pairwise("abcdef"):
            gone = {order.CLUSTER: {old}, order.ENDPOINT: {old}}
            plane.store.put(cluster(new), endpoints(new, places[new]), route("80", new), removed=gone)
            await until(lambda: plane.acknowledged(order.ROUTE) and plane.acknowledged(order.CLUSTER))
        moving.set()
    assert {status for status, _ in answers} == {200}
    assert await get(port) == (200, "f")


async def hammer(port: int, answers: list[tuple[int, str]], until_set: asyncio.Event) -> None:
    while not until_set.is_set():
        answers.append(await get(port))


async def test_a_rejected_listener_leaves_the_old_one_and_the_reason_is_known(control_plane, envoy, backend):
    plane = control_plane()
    port = free_port()
    plane.store.put(listener(port, "80"), route("80", "a"), cluster("a"), endpoints("a", await backend("one")))
    await envoy(bootstrap(await plane.listen(), "DELTA_GRPC"))
    await until(lambda: plane.acknowledged(order.ROUTE))

    bad = listener(port, "80")
    bad.filter_chains[0].filters[0].typed_config.type_url = "type.googleapis.com/no.such.Filter"
    plane.store.put(bad)
    await until(lambda: any(stream.ledgers[order.LISTENER].error for stream in plane.xds.connections))
    (row,) = plane.xds.syncz()
    assert "no.such.Filter" in row["resources"][order.LISTENER]["lastError"]
    assert await get(port) == (200, "one")


async def test_a_rejected_route_keeps_no_other_from_being_applied(control_plane, envoy, backend):
    plane = control_plane()
    ports = {name: free_port() for name in "abcde"}
    plane.store.put(*(listener(port, name) for name, port in ports.items()), *(route(name, "one") for name in ports))
    plane.store.put(cluster("one"), endpoints("one", await backend("one")))
    plane.store.put(cluster("two"), endpoints("two", await backend("two")))
    await envoy(bootstrap(await plane.listen(), "DELTA_GRPC"))
    await until(lambda: plane.acknowledged(order.ROUTE))

    bad = route("c", "two")
    bad.virtual_hosts[0].domains.append("*")
    plane.store.put(bad, *(route(name, "two") for name in "abde"))
    for name in "abde":
        await until(lambda port=ports[name]: answers(port, "two"))
    assert await answers(ports["c"], "one")


async def answers(port: int, text: str) -> bool:
    return await get(port) == (200, text)


async def test_a_cluster_that_breaks_a_rule_of_its_message_keeps_no_other_from_being_applied(
    control_plane, envoy, backend
):
    plane = control_plane()
    ports, place = {name: free_port() for name in "abcde"}, await backend("one")
    plane.store.put(*(listener(port, name) for name, port in ports.items()))
    plane.store.put(*(route(name, name) for name in ports), *(endpoints(name, place) for name in ports))
    plane.store.put(*(cluster(name, seconds=0 if name == "c" else 5) for name in ports))
    proxy = await envoy(bootstrap(await plane.listen(), "DELTA_GRPC"))
    for name in "abde":
        await until(lambda port=ports[name]: answers(port, "one"))
    assert (await get(ports["c"]))[0] == 503
    dump = await proxy.config("/config_dump?resource=dynamic_active_clusters")
    assert sorted(each["cluster"]["name"] for each in dump["configs"]) == ["a", "b", "d", "e"]

    plane.store.put(cluster("c"))
    await until(lambda: answers(ports["c"], "one"))


async def test_a_listener_that_breaks_a_rule_holds_back_no_other_and_no_removal(control_plane, envoy, backend):
    plane = control_plane()
    ports = {name: free_port() for name in "abcd"}
    plane.store.put(cluster("one"), endpoints("one", await backend("one")), route("80", "one"))
    plane.store.put(*(listener(ports[name], "80") for name in "ab"))
    await envoy(bootstrap(await plane.listen(), "DELTA_GRPC"))
    await until(lambda: answers(ports["a"], "one"))
    await until(lambda: answers(ports["b"], "one"))

    bad = listener(ports["c"], "80")
    bad.per_connection_buffer_limit_bytes.value = 1
    bad.filter_chains[0].filters[0].name = ""
    plane.store.put(bad, listener(ports["d"], "80"), removed={order.LISTENER: {f"listener-{ports['a']}"}})
    await until(lambda: answers(ports["d"], "one"))
    await until(lambda: refuses(ports["a"]))
    assert await get(ports["b"]) == (200, "one")
    assert await refuses(ports["c"])


async def refuses(port: int) -> bool:
    return (await get(port))[0] == 0
