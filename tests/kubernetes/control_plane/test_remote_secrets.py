"""What a remote secret does from its creation to its end, and what a bad one does not do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from delta_client import Proxy, connected
from log_lines import LogLines
from mesh_cluster import MeshCluster, kubeconfig
from running_plane import RunningPlane, running, settings_of, starting

from isthmus.kube.access import Access
from isthmus.xds.order import ENDPOINT

OWN = "10.1.0.1:8080"
FAR_POD = "10.2.0.1:8080"
GATEWAY = "192.0.2.9:15443"


@dataclass(frozen=True, slots=True)
class Mesh:
    """A control plane without remote clusters yet, and a proxy that has the endpoint of its own cluster."""

    plane: RunningPlane
    proxy: Proxy
    here: MeshCluster
    there: MeshCluster

    @property
    def name(self) -> str:
        """The outbound cluster of the service that is in both clusters."""
        return self.here.host("web")

    async def join(self, secret: str = "remote") -> None:
        """Declares the other cluster, and waits for its endpoint."""
        await self.here.remote_secret(secret, cluster2=await self.there.reader_kubeconfig())
        await self.proxy.until_endpoints(self.name, OWN, GATEWAY)


def port_of(endpoint: Any) -> int:
    return int(endpoint.endpoint.address.socket_address.port_value)


@pytest.fixture
async def mesh(access: Access, here: MeshCluster, there: MeshCluster, logs: LogLines) -> AsyncIterator[Mesh]:
    for cluster, address in ((here, "10.1.0.1"), (there, "10.2.0.1")):
        await cluster.service("web")
        await cluster.endpoints("web", address)
    await there.gateway("192.0.2.9")
    async with (
        running(settings_of(here.system), access) as plane,
        connected(plane.grpc, here.proxy()) as proxy,
    ):
        await proxy.until_endpoints(here.host("web"), OWN)
        yield Mesh(plane, proxy, here, there)


async def test_endpoints_of_another_network_come_through_its_gateway_and_only_with_mtls(mesh: Mesh) -> None:
    await mesh.join()
    groups = mesh.proxy.resources[ENDPOINT][mesh.name].endpoints
    gateways = [one for group in groups for one in group.lb_endpoints if port_of(one) == 15443]
    assert gateways[0].metadata.filter_metadata["envoy.transport_socket_match"]["tlsMode"] == "istio"

    await mesh.there.service("plain")
    await mesh.there.endpoints("plain", "10.2.0.8", mtls=False)
    await mesh.there.service("safe")
    await mesh.there.endpoints("safe", "10.2.0.9")
    await mesh.proxy.until_endpoints(mesh.here.host("safe"), GATEWAY)
    assert mesh.proxy.addresses(mesh.here.host("plain")) == []
    await mesh.there.endpoints("web")
    await mesh.proxy.until_endpoints(mesh.name, OWN)


async def test_endpoints_of_the_same_network_are_reached_directly(mesh: Mesh) -> None:
    await mesh.there.join_network(mesh.here.network)
    await mesh.here.remote_secret("remote", cluster2=await mesh.there.reader_kubeconfig())
    await mesh.proxy.until_endpoints(mesh.name, OWN, FAR_POD)


async def test_a_deleted_secret_takes_its_endpoints_along_and_nothing_else(mesh: Mesh, logs: LogLines) -> None:
    await mesh.join()
    await mesh.here.remove_secret("remote")
    await mesh.proxy.until_endpoints(mesh.name, OWN)
    assert await mesh.plane.cluster("cluster2") is None
    assert all(OWN in state for state in mesh.proxy.endpoint_history[mesh.name])
    assert logs.find("remote cluster removed", cluster="cluster2")


async def test_a_rotated_credential_costs_no_endpoint_at_any_moment(mesh: Mesh, logs: LogLines) -> None:
    await mesh.join()
    before = len(mesh.proxy.endpoint_history[mesh.name])
    await mesh.here.remote_secret("remote", cluster2=await mesh.there.reader_kubeconfig())
    await logs.until("watching remote cluster", cluster="cluster2", rotated=True)
    await mesh.plane.until_cluster("cluster2", lambda _: len(logs.find("remote cluster synced")) == 2)
    await mesh.there.endpoints("web", "10.2.0.1", "10.2.0.2")
    await mesh.proxy.until(lambda proxy: len(proxy.endpoint_history[mesh.name]) > before, what="a change afterwards")
    assert all({OWN, GATEWAY} <= set(state) for state in mesh.proxy.endpoint_history[mesh.name][before - 1 :])


async def test_a_wrong_credential_leaves_the_former_one_at_work(mesh: Mesh) -> None:
    await mesh.join()
    remote = mesh.there.client.access
    await mesh.here.remote_secret("remote", cluster2=kubeconfig(remote.server, remote.ca_pem or b"", "wrong"))
    shown = await mesh.plane.until_cluster("cluster2", lambda cluster: cluster["error"])
    assert shown["syncStatus"] == "synced"
    assert "the new credential does not work, the former one is in use: 401 Unauthorized" in shown["error"]

    await mesh.there.service("second")
    await mesh.there.endpoints("second", "10.2.0.7")
    await mesh.proxy.until_endpoints(mesh.here.host("second"), GATEWAY)
    await mesh.here.remote_secret("remote", cluster2=await mesh.there.reader_kubeconfig())
    await mesh.plane.until_cluster("cluster2", lambda cluster: not cluster["error"])
    assert mesh.proxy.addresses(mesh.name) == [OWN, GATEWAY]


async def test_a_secret_that_is_deleted_and_written_again_at_once_costs_no_endpoint(mesh: Mesh) -> None:
    await mesh.join()
    joined = len(mesh.proxy.endpoint_history[mesh.name])
    text = await mesh.there.reader_kubeconfig()
    for _ in range(3):
        await mesh.here.remove_secret("remote")
        await mesh.here.remote_secret("remote", cluster2=text)
    await mesh.there.endpoints("web", "10.2.0.1", "10.2.0.2")
    await mesh.there.service("second")
    await mesh.there.endpoints("second", "10.2.0.7")
    await mesh.proxy.until_endpoints(mesh.here.host("second"), GATEWAY)
    await mesh.proxy.until_endpoints(mesh.name, OWN, GATEWAY)
    assert [entry["id"] for entry in await mesh.plane.page("clusterz")] == ["cluster1", "cluster2"]
    assert all(GATEWAY in state for state in mesh.proxy.endpoint_history[mesh.name][joined - 1 :])


async def test_of_two_secrets_for_a_cluster_the_older_one_counts_until_it_is_gone(mesh: Mesh, logs: LogLines) -> None:
    await mesh.join("first")
    before = len(mesh.proxy.endpoint_history[mesh.name])
    await mesh.here.remote_secret("second", cluster2=await mesh.there.reader_kubeconfig())
    await logs.until("declared by secret", f"{mesh.here.system}/first", secret=f"{mesh.here.system}/second")
    assert (await mesh.plane.cluster("cluster2") or {})["secretName"] == f"{mesh.here.system}/first"

    await mesh.here.remove_secret("first")
    await mesh.plane.until_cluster("cluster2", lambda entry: entry["secretName"] == f"{mesh.here.system}/second")
    assert all(GATEWAY in state for state in mesh.proxy.endpoint_history[mesh.name][before - 1 :])


async def test_a_secret_for_the_own_cluster_changes_nothing(mesh: Mesh, logs: LogLines) -> None:
    await mesh.here.remote_secret("self", cluster1=await mesh.there.reader_kubeconfig())
    await logs.until("needs no remote secret", secret=f"{mesh.here.system}/self", cluster="cluster1")
    await mesh.join()
    assert [entry["id"] for entry in await mesh.plane.page("clusterz")] == ["cluster1", "cluster2"]


async def test_a_malformed_kubeconfig_is_named_and_leaves_the_former_one_at_work(mesh: Mesh, logs: LogLines) -> None:
    await mesh.here.remote_secret("remote", cluster2=b"{")
    await logs.until("kubeconfig is not YAML", secret=f"{mesh.here.system}/remote", cluster="cluster2")
    await mesh.join()
    await mesh.here.remote_secret("remote", cluster2=b"kind: Config")
    await logs.until("no current-context", secret=f"{mesh.here.system}/remote", cluster="cluster2")
    await mesh.there.service("second")
    await mesh.there.endpoints("second", "10.2.0.7")
    await mesh.proxy.until_endpoints(mesh.here.host("second"), GATEWAY)
    assert mesh.proxy.addresses(mesh.name) == [OWN, GATEWAY]


async def test_an_unreachable_cluster_holds_nobody_up_longer_than_its_timeout(
    access: Access, here: MeshCluster, logs: LogLines
) -> None:
    await here.service("web")
    await here.endpoints("web", "10.1.0.1")
    await here.remote_secret(
        "remote", cluster2=kubeconfig("https://127.0.0.1:1", here.client.access.ca_pem or b"", "t")
    )
    async with starting(settings_of(here.system, remote_timeout=1.0), access) as (plane, start):
        await logs.until("watching remote cluster", cluster="cluster2")
        assert (await plane.get("ready"))[0] == 503
        await start
        assert (await plane.get("ready"))[0] == 200
        shown = await plane.until_cluster("cluster2", lambda entry: entry["syncStatus"] == "timeout")
        assert "https://127.0.0.1:1 is unreachable" in shown["error"]
        assert logs.find("does not answer", cluster="cluster2", secret=f"{here.system}/remote")
        async with connected(plane.grpc, here.proxy()) as proxy:
            await proxy.until_endpoints(here.host("web"), OWN)
