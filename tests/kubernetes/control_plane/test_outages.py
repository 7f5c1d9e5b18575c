"""API servers that go away: nothing that is known is lost, and what changed meanwhile comes afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest
from delta_client import connected
from log_lines import LogLines
from mesh_cluster import MeshCluster
from relay import Relay, relaying
from running_plane import running, settings_of, starting

from isthmus.kube.access import Access
from isthmus.xds.order import LISTENER

OWN = "10.1.0.1:8080"
GATEWAY = "192.0.2.9:15443"


def port_of(access: Access) -> int:
    return int(access.server.rpartition(":")[2])


def through(relay: Relay, access: Access) -> Access:
    return msgspec.structs.replace(access, server=f"https://127.0.0.1:{relay.port}")


@pytest.fixture
async def far_link(here: MeshCluster, there: MeshCluster) -> AsyncIterator[Relay]:
    """A service in both clusters; the other cluster is declared through a link that can be cut."""
    for cluster, address in ((here, "10.1.0.1"), (there, "10.2.0.1")):
        await cluster.service("web")
        await cluster.endpoints("web", address)
    await there.gateway("192.0.2.9")
    async with relaying(port_of(there.client.access)) as link:
        text = await there.reader_kubeconfig(f"https://127.0.0.1:{link.port}")
        await here.remote_secret("remote", cluster2=text)
        yield link


async def test_a_remote_cluster_that_is_away_keeps_its_endpoints_and_catches_up(
    access: Access, here: MeshCluster, there: MeshCluster, far_link: Relay
) -> None:
    name = here.host("web")
    async with (
        running(settings_of(here.system), access) as plane,
        connected(plane.grpc, here.proxy()) as proxy,
    ):
        await proxy.until_endpoints(name, OWN, GATEWAY)
        before = len(proxy.endpoint_history[name])
        far_link.cut()
        await there.service("meanwhile")
        await there.endpoints("meanwhile", "10.2.0.7")
        shown = await plane.until_cluster("cluster2", lambda entry: entry["error"] and entry["age"] > 0.3)
        assert "is unreachable" in shown["error"]
        assert shown["syncStatus"] == "synced"
        await here.endpoints("web", "10.1.0.1", "10.1.0.2")
        await proxy.until_endpoints(name, OWN, "10.1.0.2:8080", GATEWAY)

        far_link.restore()
        await proxy.until_endpoints(here.host("meanwhile"), GATEWAY)
        await plane.until_cluster("cluster2", lambda entry: not entry["error"])
        assert all(GATEWAY in state for state in proxy.endpoint_history[name][before - 1 :])


async def test_without_the_own_api_server_proxies_keep_everything_and_new_ones_are_served(
    access: Access, here: MeshCluster
) -> None:
    await here.service("web")
    await here.endpoints("web", "10.1.0.1")
    name = here.host("web")
    who = here.proxy()
    async with (
        relaying(port_of(access)) as link,
        running(settings_of(here.system), through(link, access)) as plane,
        connected(plane.grpc, who) as proxy,
    ):
        await proxy.until_endpoints(name, OWN)
        link.cut()
        await plane.until_cluster("cluster1", lambda entry: entry["error"])
        assert (await plane.get("ready"))[0] == 200
        await here.endpoints("web", "10.1.0.1", "10.1.0.2")
        async with connected(plane.grpc, who) as newcomer:
            await newcomer.until_endpoints(name, OWN)
            await newcomer.until(lambda proxy: "virtualInbound" in proxy.resources[LISTENER])

        link.restore()
        await proxy.until_endpoints(name, OWN, "10.1.0.2:8080")
        assert all(OWN in state for state in proxy.endpoint_history[name])


async def test_a_plane_that_starts_while_a_cluster_is_away_serves_what_it_can_reach(
    access: Access, here: MeshCluster, far_link: Relay, logs: LogLines
) -> None:
    """Proxies keep what they have until the plane is ready; then they lose the absent cluster's endpoints only."""
    name = here.host("web")
    who = here.proxy()
    far_link.cut()
    async with starting(settings_of(here.system, remote_timeout=2.0), access) as (plane, start):
        await logs.until("watching remote cluster")
        async with connected(plane.grpc, who) as early:
            assert await early.ending() == "UNAVAILABLE: not ready yet: the clusters are still being read; try again"
        await start
        async with connected(plane.grpc, who) as proxy:
            await proxy.until_endpoints(name, OWN)
            far_link.restore()
            await proxy.until_endpoints(name, OWN, GATEWAY)
            assert all(OWN in state for state in proxy.endpoint_history[name])
        assert (await plane.until_cluster("cluster2", lambda entry: not entry["error"]))["syncStatus"] == "synced"
