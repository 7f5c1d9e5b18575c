"""Secrets of gateways: whose service account may list them is for its own cluster's API server to say."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from certificate_client import authorized
from delta_client import Proxy, connected, node
from log_lines import LogLines
from mesh_cluster import MeshCluster
from plugged_in_ca import Root
from running_plane import RunningPlane, running, settings_of

from isthmus.control_plane.access_review import AccessReviewer, Account
from isthmus.kube import kinds
from isthmus.kube.access import Access
from isthmus.kube.errors import KubeError
from isthmus.xds.order import LISTENER, SECRET

KEY = "kubernetes://public"
RBAC = "rbac.authorization.k8s.io"


async def gateway(here: MeshCluster, namespace: str) -> None:
    """What the configuration cluster says of the gateway ``edge``."""
    tls = {"mode": "SIMPLE", "credentialName": "public"}
    servers = [{"port": {"number": 443, "name": "https", "protocol": "HTTPS"}, "hosts": ["*"], "tls": tls}]
    body = {"apiVersion": "networking.istio.io/v1", "kind": "Gateway"}
    metadata = {"name": "edge", "namespace": namespace}
    spec = {"selector": {"app": namespace}, "servers": servers}
    await here.client.apply(kinds.GATEWAY, body | {"metadata": metadata, "spec": spec})


async def certificate(cluster: MeshCluster) -> None:
    """The Secret where the gateway runs."""
    data = {name: base64.b64encode(b"pem").decode() for name in ("tls.crt", "tls.key")}
    metadata = {"name": "public", "namespace": cluster.app}
    await cluster.client.create(kinds.SECRET, {"metadata": metadata, "type": "kubernetes.io/tls", "data": data})


async def allow(cluster: MeshCluster, account: str) -> None:
    """What a gateway's chart makes."""
    metadata = {"name": account, "namespace": cluster.app}
    rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "watch", "list"]}]
    await cluster.client.create(kinds.ROLE, {"metadata": metadata, "rules": rules})
    reference = {"apiGroup": RBAC, "kind": "Role", "name": account}
    subjects = [{"kind": "ServiceAccount", "name": account, "namespace": cluster.app}]
    await cluster.client.create(kinds.ROLE_BINDING, {"metadata": metadata, "roleRef": reference, "subjects": subjects})


@pytest.fixture
def root() -> Root:
    return Root()


@pytest.fixture
async def plane(access: Access, here: MeshCluster, root: Root, tmp_path: Path) -> AsyncIterator[RunningPlane]:
    root.write_intermediate("first", tmp_path / "cacerts")
    async with running(settings_of(here.system, ca_directory=tmp_path / "cacerts"), access) as plane:
        yield plane


@contextlib.asynccontextmanager
async def edge(plane: RunningPlane, root: Root, where: MeshCluster, account: str = "edge") -> AsyncIterator[Proxy]:
    """A gateway of a cluster, which asks for the key."""
    who = node("edge", where.app, where.name, "router", SERVICE_ACCOUNT=account, LABELS={"app": where.app})
    tls = (grpc.ssl_channel_credentials(root.pem), f"istiod.{plane.settings.namespace}.svc")
    headers = authorized(await where.token(account, "istio-ca"), where.name)
    async with connected(plane.secure_grpc, who, tls, *headers) as proxy:
        await proxy.until(lambda proxy: proxy.responses, what="an answer")
        await proxy.send(SECRET, resource_names_subscribe=[KEY])
        yield proxy


async def test_a_gateway_whose_account_may_list_secrets_gets_its_key(
    plane: RunningPlane, here: MeshCluster, root: Root
) -> None:
    await gateway(here, here.app)
    await certificate(here)
    await allow(here, "edge")
    async with edge(plane, root, here) as proxy:
        await proxy.until(lambda proxy: KEY in proxy.resources[SECRET], what="the key")
        await proxy.until(lambda proxy: "0.0.0.0_443" in proxy.resources[LISTENER], what="the listener")
        (shown,) = await plane.page("secretAccess")
        wanted = {"cluster": "cluster1", "namespace": here.app, "serviceAccount": "edge", "allowed": True, "error": ""}
        assert wanted.items() <= shown.items()


async def test_a_refused_gateway_is_told_of_and_gets_its_key_when_it_may_have_it(
    plane: RunningPlane, here: MeshCluster, root: Root, logs: LogLines
) -> None:
    await gateway(here, here.app)
    await certificate(here)
    async with edge(plane, root, here) as proxy:
        await logs.until("gateways get no Secrets", account=f"{here.app}/edge", cluster="cluster1")
        await logs.until("service account edge may not list Secrets", object=f"Gateway {here.app}/edge")
        assert any("may not list" in str(entry) for entry in await plane.page("problems"))
        assert KEY not in proxy.resources[SECRET]
        await allow(here, "edge")
        await proxy.until(lambda proxy: "0.0.0.0_443" in proxy.resources[LISTENER], what="the listener")
        await proxy.until(lambda proxy: KEY in proxy.resources[SECRET], what="the key")
        assert not any("may not list" in str(entry) for entry in await plane.page("problems"))


async def test_the_gateway_s_own_cluster_is_asked(
    plane: RunningPlane, here: MeshCluster, there: MeshCluster, root: Root, logs: LogLines
) -> None:
    await here.namespace(there.app)
    await gateway(here, there.app)
    await certificate(there)
    await here.remote_secret("remote", cluster2=await there.reader_kubeconfig(further=True))
    await plane.until_cluster("cluster2", lambda entry: entry["syncStatus"] == "synced")
    async with edge(plane, root, there):
        await logs.until("gateways get no Secrets", account=f"{there.app}/edge", cluster="cluster2")
    await allow(there, "other")
    async with edge(plane, root, there, "other") as proxy:
        await proxy.until(lambda proxy: KEY in proxy.resources[SECRET], what="the key")


async def test_a_server_that_may_not_be_asked_gives_nothing_away_and_says_so(
    plane: RunningPlane, here: MeshCluster, there: MeshCluster, root: Root, logs: LogLines
) -> None:
    await here.namespace(there.app)
    await gateway(here, there.app)
    await certificate(there)
    await allow(there, "edge")
    kubeconfig = await there.reader_kubeconfig(further=True, reviews=False)
    await here.remote_secret("remote", cluster2=kubeconfig)
    await plane.until_cluster("cluster2", lambda entry: entry["syncStatus"] == "synced")
    async with edge(plane, root, there) as proxy:
        await logs.until("whether gateways may have Secrets is not known", account=f"{there.app}/edge")
        assert KEY not in proxy.resources[SECRET]
        (shown,) = await plane.page("secretAccess")
        assert shown["allowed"] is None
        assert "subjectaccessreviews" in shown["error"]
        await there.reader_kubeconfig(further=True)
        await proxy.until(lambda proxy: KEY in proxy.resources[SECRET], what="the key")


async def test_the_review_knows_an_account_s_groups(here: MeshCluster) -> None:
    reviewer = AccessReviewer({"cluster1": here.client}.get)
    account = Account("cluster1", here.app, "edge")
    assert not await reviewer.may_list_secrets(account)
    await allow(here, "somebody")
    subjects = [{"apiGroup": RBAC, "kind": "Group", "name": f"system:serviceaccounts:{here.app}"}]
    await here.client.merge_patch(kinds.ROLE_BINDING, "somebody", {"subjects": subjects}, namespace=here.app)
    while not await reviewer.may_list_secrets(account):  # the API server takes a moment to know
        pass
    with pytest.raises(KubeError, match="'cluster2' is not known here"):
        await reviewer.may_list_secrets(Account("cluster2", here.app, "edge"))
