"""A real Envoy takes its configuration from the server, follows its changes, and keeps serving meanwhile."""

from __future__ import annotations

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
