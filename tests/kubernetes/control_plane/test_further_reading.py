"""What is read of a remote cluster besides its services: credentials of its gateways, and its trust domain."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable

from mesh_cluster import MeshCluster
from running_plane import RunningPlane, running, settings_of

from isthmus.kube import kinds
from isthmus.kube.access import Access
from isthmus.model.proxy import CredentialKey
from isthmus.model.workload import WorkloadKey

SECONDS = 30.0


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(SECONDS):
        while True:
            if condition():
                return
            await asyncio.sleep(0.02)


def trust_domain(plane: RunningPlane, cluster: MeshCluster) -> str:
    """Of the one pod of the service ``web``."""
    workload = plane.plane.graph.domain.workloads.get(WorkloadKey(cluster.name, cluster.app, "web-10-2-0-1"))
    return workload.identity.split("/")[2] if workload else ""


async def test_a_remote_cluster_has_credentials_and_a_trust_domain_of_its_own_until_it_leaves(
    access: Access, here: MeshCluster, there: MeshCluster
) -> None:
    await there.service("web")
    await there.endpoints("web", "10.2.0.1")
    data = {name: base64.b64encode(b"pem").decode() for name in ("tls.crt", "tls.key")}
    secret = {"metadata": {"name": "public", "namespace": there.app}, "type": "kubernetes.io/tls", "data": data}
    await there.client.create(kinds.SECRET, secret)
    mesh = {"metadata": {"name": "istio", "namespace": there.system}, "data": {"mesh": "trustDomain: far.example"}}
    await there.client.create(kinds.CONFIG_MAP, mesh)
    await here.remote_secret("remote", cluster2=await there.reader_kubeconfig(further=True))
    async with running(settings_of(here.system), access) as plane:
        credentials = plane.plane.graph.sources.credentials
        key = CredentialKey("cluster2", there.app, "public")
        await until(lambda: key in credentials and trust_domain(plane, there) == "far.example")
        await there.client.delete(kinds.CONFIG_MAP, "istio", namespace=there.system)
        await until(lambda: trust_domain(plane, there) == "cluster.local")
        await here.remove_secret("remote")
        await until(lambda: not list(credentials.partition("cluster2")))


async def test_a_reader_that_may_read_neither_still_joins_its_cluster(
    access: Access, here: MeshCluster, there: MeshCluster
) -> None:
    await there.service("web")
    await there.endpoints("web", "10.2.0.1")
    await here.remote_secret("remote", cluster2=await there.reader_kubeconfig())
    async with running(settings_of(here.system), access) as plane:
        shown = await plane.until_cluster("cluster2", lambda entry: entry["syncStatus"] == "synced")
        assert not shown["error"]
        assert trust_domain(plane, there) == "cluster.local"
