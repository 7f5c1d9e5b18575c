"""Control planes that start while a remote cluster is away: what was last known of it stands in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from copied_cluster import FAR, OWN, CopiedCluster, copied_cluster
from delta_client import Proxy
from log_lines import LogLines
from mesh_cluster import MeshCluster, kubeconfig
from running_plane import RunningPlane

from isthmus.control_plane.last_known.secrets import head_name
from isthmus.kube.access import Access
from isthmus.xds.order import CLUSTER


@pytest.fixture
async def mesh(access: Access, here: MeshCluster, there: MeshCluster, logs: LogLines) -> AsyncIterator[CopiedCluster]:
    async with copied_cluster(access, here, there, logs) as found:
        yield found


def all_had(proxy: Proxy, name: str, address: str) -> bool:
    return all(address in state for state in proxy.endpoint_history[name])


async def metric(plane: RunningPlane, name: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(plane.url("metrics", monitoring=True)) as answer:
        return next((line for line in (await answer.text()).splitlines() if line.startswith(name)), "")


async def test_an_absent_cluster_is_served_as_it_was_and_shown_as_such(mesh: CopiedCluster) -> None:
    await mesh.keep_a_copy()
    async with mesh.running() as plane, mesh.proxy(plane) as proxy:
        await proxy.until_endpoints(mesh.name, OWN, FAR)
        assert all_had(proxy, mesh.name, FAR)
        shown = await plane.cluster("cluster2") or {}
        assert shown["syncStatus"] == "timeout"
        assert shown["copyAge"] > 0
        assert "what is served is a copy from" in shown["error"]
        assert "is unreachable" in shown["error"]
        assert mesh.logs.find("a copy stands in for a remote cluster", cluster="cluster2")
        assert (await metric(plane, "isthmus_cluster_copy_age_seconds")).startswith(
            'isthmus_cluster_copy_age_seconds{cluster="cluster2"} '
        )


async def test_when_it_is_back_what_it_has_now_takes_over_in_one_step(mesh: CopiedCluster) -> None:
    await mesh.there.service("former")
    await mesh.there.endpoints("former", "10.2.0.5")
    await mesh.keep_a_copy()
    former = mesh.here.host("former")
    async with mesh.running() as plane, mesh.proxy(plane) as proxy:
        await proxy.until_endpoints(former, "10.2.0.5:8080")
        await mesh.there.remove_service("former")
        await mesh.there.endpoints("web", "10.2.0.1", "10.2.0.2")
        mesh.link.restore()
        await proxy.until_endpoints(mesh.name, OWN, FAR, "10.2.0.2:8080")
        await proxy.until(lambda proxy: former not in proxy.resources[CLUSTER])
        assert all_had(proxy, mesh.name, FAR)
        shown = await plane.until_cluster("cluster2", lambda entry: entry["syncStatus"] == "synced")
        assert shown["copyAge"] is None
        assert await metric(plane, "isthmus_cluster_copy_age_seconds") == ""


async def test_a_cluster_that_is_there_is_never_served_as_it_was(mesh: CopiedCluster) -> None:
    await mesh.keep_a_copy()
    await mesh.there.endpoints("web", "10.2.0.9")
    mesh.link.restore()
    async with mesh.running(remote_timeout=30.0) as plane, mesh.proxy(plane) as proxy:
        await proxy.until_endpoints(mesh.name, OWN, "10.2.0.9:8080")
        assert proxy.endpoint_history[mesh.name] == [[OWN, "10.2.0.9:8080"]]


async def test_a_credential_that_does_not_work_any_more_lets_the_copy_stand_in(mesh: CopiedCluster) -> None:
    await mesh.keep_a_copy()
    mesh.link.restore()
    authority = mesh.there.client.access.ca_pem or b""
    await mesh.here.remote_secret("remote", cluster2=kubeconfig(mesh.server, authority, "wrong"))
    async with mesh.running() as plane, mesh.proxy(plane) as proxy:
        await proxy.until_endpoints(mesh.name, OWN, FAR)
        assert "401 Unauthorized" in (await plane.cluster("cluster2") or {})["error"]
        await mesh.declare()
        await plane.until_cluster("cluster2", lambda entry: entry["syncStatus"] == "synced")
        assert all_had(proxy, mesh.name, FAR)


async def test_a_copy_of_another_server_of_that_name_is_not_used(mesh: CopiedCluster) -> None:
    await mesh.keep_a_copy()
    authority = mesh.there.client.access.ca_pem or b""
    await mesh.here.remote_secret("remote", cluster2=kubeconfig("https://127.0.0.1:1", authority, "other"))
    async with mesh.running() as plane, mesh.proxy(plane) as proxy:
        await proxy.until_endpoints(mesh.name, OWN)
        assert (await plane.cluster("cluster2") or {})["copyAge"] is None
        assert all(FAR not in state for state in proxy.endpoint_history[mesh.name])


async def test_a_copy_of_another_cluster_ends_as_soon_as_the_server_says_who_it_is(mesh: CopiedCluster) -> None:
    """The server has the same address and authority, but the UID of its namespace kube-system is another one."""
    await mesh.keep_a_copy()
    await mesh.tamper_head(uid="11111111-2222-3333-4444-555555555555")
    await mesh.hide_pods()
    async with mesh.running() as plane, mesh.proxy(plane) as proxy:
        await proxy.until_endpoints(mesh.name, OWN, FAR)
        mesh.link.restore()
        await proxy.until_endpoints(mesh.name, OWN)
        shown = await plane.cluster("cluster2") or {}
        assert (shown["syncStatus"], shown["copyAge"]) == ("timeout", None)
        assert mesh.logs.find("is of another cluster", cluster="cluster2")


async def test_a_damaged_copy_is_named_and_not_used(mesh: CopiedCluster) -> None:
    await mesh.keep_a_copy()
    name, data = next((name, data) for name, data in (await mesh.copies()).items() if "part" in data)
    await mesh.tamper(name, part=data["part"][:-1] + b"x")
    async with mesh.running() as plane, mesh.proxy(plane) as proxy:
        await proxy.until_endpoints(mesh.name, OWN)
        named = f"{mesh.here.system}/{head_name('cluster2')}"
        assert mesh.logs.find("cannot be used", "its checksum is", "delete the Secret", secret=named)


async def test_a_copy_of_another_format_is_named_and_replaced_later(mesh: CopiedCluster) -> None:
    await mesh.keep_a_copy()
    await mesh.tamper_head(format=99)
    async with mesh.running() as plane, mesh.proxy(plane) as proxy:
        await proxy.until_endpoints(mesh.name, OWN)
        assert mesh.logs.find("cannot be used", "its format is 99, this version reads 1")
        written = len(mesh.logs.find("copy of a remote cluster written"))
        mesh.link.restore()
        await proxy.until_endpoints(mesh.name, OWN, FAR)
        await mesh.logs.until_more("copy of a remote cluster written", than=written)
    assert b'"format":1,' in (await mesh.copies())[head_name("cluster2")]["head"]
