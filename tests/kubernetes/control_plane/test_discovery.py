"""A proxy of the own cluster is told everything, and every change."""

from __future__ import annotations

from delta_client import connected
from mesh_cluster import MeshCluster
from running_plane import running, settings_of

from isthmus.kube.access import Access
from isthmus.xds.order import CLUSTER, LISTENER, ROUTE


async def test_a_proxy_gets_all_types_of_its_own_cluster_and_every_change(access: Access, here: MeshCluster) -> None:
    await here.service("web")
    await here.endpoints("web", "10.1.0.1")
    name = here.host("web")
    async with (
        running(settings_of(here.system), access) as plane,
        connected(plane.grpc, here.proxy()) as proxy,
    ):
        await proxy.until_endpoints(name, "10.1.0.1:8080")
        await proxy.until(lambda proxy: "80" in proxy.resources[ROUTE])
        assert {"virtualInbound", "virtualOutbound", "0.0.0.0_80"} <= proxy.resources[LISTENER].keys()
        domains = {domain for host in proxy.resources[ROUTE]["80"].virtual_hosts for domain in host.domains}
        assert f"web.{here.app}.svc.cluster.local" in domains

        await here.endpoints("web", "10.1.0.1", "10.1.0.2")
        await proxy.until_endpoints(name, "10.1.0.1:8080", "10.1.0.2:8080")
        await here.endpoints("web", "10.1.0.2")
        await proxy.until_endpoints(name, "10.1.0.2:8080")


async def test_services_come_and_go_while_a_proxy_is_connected(access: Access, here: MeshCluster) -> None:
    async with (
        running(settings_of(here.system), access) as plane,
        connected(plane.grpc, here.proxy()) as proxy,
    ):
        await proxy.until(lambda proxy: proxy.resources[LISTENER])
        await here.service("late")
        await here.endpoints("late", "10.1.1.1")
        await proxy.until_endpoints(here.host("late"), "10.1.1.1:8080")
        await here.remove_service("late")
        await proxy.until(lambda proxy: here.host("late") not in proxy.resources[CLUSTER])
