"""A client that misbehaves, an object that breaks the code: each costs itself only."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from delta_client import connected
from log_lines import LogLines
from mesh_cluster import MeshCluster
from running_plane import running, settings_of

from isthmus.collections import Graph
from isthmus.control_plane.intake import Feed
from isthmus.control_plane.remote_clusters import RemoteClusters, Surroundings
from isthmus.control_plane.remote_secrets import RemoteCluster
from isthmus.kube import kinds
from isthmus.kube.access import Access
from isthmus.kube.client import Query
from isthmus.kube.reflector import Source


async def test_garbage_ends_the_stream_that_it_comes_from_and_no_other(access: Access, here: MeshCluster) -> None:
    await here.service("web")
    await here.endpoints("web", "10.1.0.1")
    async with (
        running(settings_of(here.system), access) as plane,
        connected(plane.grpc, here.proxy("good")) as good,
        connected(plane.grpc, here.proxy("bad")) as bad,
    ):
        await good.until_endpoints(here.host("web"), "10.1.0.1:8080")
        await bad.until_endpoints(here.host("web"), "10.1.0.1:8080")
        await bad.send_bytes(b"\xff\xff\xff\xff")
        assert (await bad.ending()).startswith("INVALID_ARGUMENT")
        await here.endpoints("web", "10.1.0.2")
        await good.until_endpoints(here.host("web"), "10.1.0.2:8080")
        assert [entry["proxy"] for entry in await plane.page(f"syncz?namespace={here.app}")] == [f"good.{here.app}"]


async def test_a_bug_in_a_derivation_costs_the_key_that_it_meets(
    access: Access, here: MeshCluster, logs: LogLines
) -> None:
    for name in ("cursed", "sane"):
        await here.service(name)
        await here.endpoints(name, "10.1.0.1")
    async with (
        running(settings_of(here.system), access) as plane,
        connected(plane.grpc, here.proxy()) as proxy,
    ):
        await proxy.until_endpoints(here.host("cursed"), "10.1.0.1:8080")
        slices: Any = plane.plane.graph.host.graph.collections["slice endpoints"]
        sound = slices.fn

        def broken(ctx: Any, key: Any, row: Any) -> Mapping[Any, Any]:
            if key.name == "cursed":
                raise ZeroDivisionError("a curse")
            return dict(sound(ctx, key, row))

        slices.fn = broken
        await here.endpoints("cursed", "10.1.0.2")
        await here.endpoints("sane", "10.1.0.2")
        await proxy.until_endpoints(here.host("sane"), "10.1.0.2:8080")
        assert proxy.addresses(here.host("cursed")) == ["10.1.0.1:8080"]
        (fault,) = (await plane.page("collections"))["faults"]
        assert (fault["collection"], fault["error"]) == ("slice endpoints", "ZeroDivisionError: a curse")
        assert logs.find("derivation failed", "cursed", "a curse", collection="slice endpoints")
        assert plane.plane.registry.get_sample_value("isthmus_graph_faults") == 1

        slices.fn = sound
        await here.endpoints("cursed", "10.1.0.3")
        await proxy.until_endpoints(here.host("cursed"), "10.1.0.3:8080")
        assert (await plane.page("collections"))["faults"] == []


async def test_an_object_that_breaks_a_remote_clusters_watches_ends_nothing_else(
    here: MeshCluster, there: MeshCluster, logs: LogLines
) -> None:
    """The cluster keeps its rows, says what is wrong, and goes on when the object is gone."""
    graph = Graph()
    rows: Any = graph.source("config maps")
    seen = asyncio.Event()
    rows.observe(lambda _: seen.set())

    def row(cluster: str, item: dict[str, Any]) -> str:
        return str(item["data"]["value"])

    feed = Feed(
        Source(kinds.CONFIG_MAP, dict, Query(namespace=there.app)),
        rows,
        lambda cluster, item: (cluster, item["metadata"]["name"]),
        row,
    )
    remote = RemoteCluster("cluster2", "ns/secret", "digest", there.client.access)

    async def until(count: int) -> None:
        async with asyncio.timeout(30):
            while len(rows) != count:
                seen.clear()
                await seen.wait()

    async with asyncio.TaskGroup() as tasks:
        members = RemoteClusters(Surroundings((feed,), graph.apply, tasks))
        await write(there, "first", value="1")
        members.update({"cluster2": remote})
        await until(1)
        await there.client.apply(kinds.CONFIG_MAP, body(there, "cursed"))
        await logs.until("watches of a cluster failed", "KeyError", cluster="cluster2")
        assert members.statuses()[0].error == "bug: KeyError: 'data'"
        await there.client.delete(kinds.CONFIG_MAP, "cursed", namespace=there.app)
        await write(there, "second", value="2")
        await until(2)
        assert members.statuses()[0].error == ""
        members.update({})
        await until(0)


def body(cluster: MeshCluster, name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": cluster.app}}


async def write(cluster: MeshCluster, name: str, **data: str) -> None:
    await cluster.client.apply(kinds.CONFIG_MAP, body(cluster, name) | {"data": data})
