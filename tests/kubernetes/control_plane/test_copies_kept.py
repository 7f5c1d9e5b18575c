"""Copies of remote clusters: what is written, when it goes, and that nothing depends on writing them."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

import pytest
from copied_cluster import FAR, OWN, WRITTEN, CopiedCluster, copied_cluster
from log_lines import LogLines
from mesh_cluster import MeshCluster

from isthmus.control_plane.last_known.secrets import head_name
from isthmus.kube import kinds
from isthmus.kube.access import Access
from isthmus.kube.client import Writing
from isthmus.kube.kinds import Kind

QUOTA = Kind("", "v1", "resourcequotas", "ResourceQuota")
GONE = "the copy of a remote cluster is removed"


@pytest.fixture
async def mesh(access: Access, here: MeshCluster, there: MeshCluster, logs: LogLines) -> AsyncIterator[CopiedCluster]:
    async with copied_cluster(access, here, there, logs) as found:
        yield found


async def test_a_copy_holds_no_credential_and_no_secret_of_a_user(mesh: CopiedCluster) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys", "namespace": mesh.there.app}}
    await mesh.there.client.apply(kinds.SECRET, secret | {"stringData": {"tls.crt": "of-a-user", "tls.key": "hush"}})
    await mesh.here.remote_secret("remote", cluster2=await mesh.there.reader_kubeconfig(mesh.server, further=True))
    token = await mesh.there.token("reader", namespace=mesh.there.system)
    await mesh.keep_a_copy()
    copies = await mesh.copies()
    content = b"".join(zlib.decompress(data["part"]) for data in copies.values() if "part" in data)
    assert b"10.2.0.1" in content
    for hidden in (b"of-a-user", b"hush", token.rpartition(".")[0].encode(), b"PRIVATE KEY"):
        assert hidden not in content + copies[head_name("cluster2")]["head"]


async def test_a_changed_cluster_has_one_copy_that_says_so(mesh: CopiedCluster) -> None:
    async with mesh.running() as plane, mesh.proxy(plane) as proxy:
        await mesh.logs.until(WRITTEN)
        former = await mesh.until_copies(2)
        await mesh.there.endpoints("web", "10.2.0.1", "10.2.0.77")
        await proxy.until_endpoints(mesh.name, OWN, FAR, "10.2.0.77:8080")
        await mesh.logs.until_more(WRITTEN, than=1)
        copies = await mesh.until_copies(2)
        assert copies != former
    content = b"".join(zlib.decompress(data["part"]) for data in copies.values() if "part" in data)
    assert b"10.2.0.77" in content


async def test_a_removed_secret_takes_the_copy_along(mesh: CopiedCluster) -> None:
    async with mesh.running() as plane, mesh.proxy(plane) as proxy:
        await mesh.logs.until(WRITTEN)
        await mesh.here.remove_secret("remote")
        await proxy.until_endpoints(mesh.name, OWN)
        await mesh.logs.until(GONE, cluster="cluster2")
        assert await mesh.copies() == {}
        mesh.link.cut()
        await mesh.declare()
        await plane.until_cluster("cluster2", lambda entry: entry["syncStatus"] == "timeout")
        assert proxy.addresses(mesh.name) == [OWN]


async def test_a_secret_that_was_removed_meanwhile_takes_the_copy_along_at_the_next_start(mesh: CopiedCluster) -> None:
    await mesh.keep_a_copy()
    await mesh.here.remove_secret("remote")
    async with mesh.running() as plane, mesh.proxy(plane) as proxy:
        await proxy.until_endpoints(mesh.name, OWN)
        await mesh.until_copies(0)
        await mesh.declare()
        await plane.until_cluster("cluster2", lambda entry: entry["syncStatus"] == "timeout")
        assert proxy.addresses(mesh.name) == [OWN]


async def test_a_secret_that_cannot_be_read_leaves_the_copy(mesh: CopiedCluster) -> None:
    await mesh.keep_a_copy()
    await mesh.here.remote_secret("remote", cluster2=b"{")
    async with mesh.running() as plane, mesh.proxy(plane) as proxy:
        await proxy.until_endpoints(mesh.name, OWN)
        await mesh.logs.until("became leader", lock="isthmus-last-known-clusters")
        await mesh.declare()
        await proxy.until_endpoints(mesh.name, OWN, FAR)


async def test_a_copy_that_was_cleared_is_written_again(mesh: CopiedCluster) -> None:
    async with mesh.running(copy_interval=0.1):
        await mesh.logs.until(WRITTEN)
        await mesh.until_copies(2)
        await mesh.clear()
        await mesh.logs.until_more(WRITTEN, than=1)
        await mesh.until_copies(2)


async def test_without_an_interval_no_copy_is_written_or_used(mesh: CopiedCluster) -> None:
    await mesh.keep_a_copy()
    async with mesh.running(copy_interval=0.0) as plane, mesh.proxy(plane) as proxy:
        await proxy.until_endpoints(mesh.name, OWN)
        assert (await plane.cluster("cluster2") or {})["copyAge"] is None


async def test_a_full_store_is_reported_and_costs_nothing_but_the_copy(mesh: CopiedCluster) -> None:
    """A quota without room stands for a database without room: the API server refuses new Secrets."""
    async with mesh.running() as plane, mesh.proxy(plane) as proxy:
        await mesh.logs.until(WRITTEN)
        await fill(mesh)
        await mesh.there.endpoints("web", "10.2.0.1", "10.2.0.2")
        await mesh.logs.until("the copy of a remote cluster cannot be kept", "quota", cluster="cluster2")
        await proxy.until_endpoints(mesh.name, OWN, FAR, "10.2.0.2:8080")
        assert len(await mesh.copies()) == 2
        await mesh.here.client.delete(QUOTA, "full", namespace=mesh.here.system)
        await mesh.logs.until("can be kept again", cluster="cluster2")


async def fill(mesh: CopiedCluster) -> None:
    """From now on no Secret can be made; the controller that fills in the status does not run here."""
    metadata = {"name": "full", "namespace": mesh.here.system}
    hard = {"hard": {"secrets": "0"}}
    await mesh.here.client.create(
        QUOTA, {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": hard}
    )
    status = {"status": hard | {"used": {"secrets": "0"}}}
    writing = Writing(subresource="status")
    await mesh.here.client.merge_patch(QUOTA, "full", status, namespace=mesh.here.system, writing=writing)
