"""Health, debug pages, metrics: what operators and istioctl read, and who may."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import AsyncIterator

import aiohttp
import grpc
import msgspec
import pytest
from certificate_client import authorized
from delta_client import connected, secure_channel
from mesh_cluster import MeshCluster
from prometheus_client.parser import text_string_to_metric_families
from running_plane import RunningPlane, running, settings_of, starting

from isthmus import __version__
from isthmus.control_plane.addresses import Address
from isthmus.kube import kinds
from isthmus.kube.access import Access
from isthmus.protos import pb
from isthmus.xds.debug import SYNCZ
from isthmus.xds.order import LISTENER, ROUTE
from isthmus.xds.variants import SOTW


@pytest.fixture
async def plane(access: Access, here: MeshCluster) -> AsyncIterator[RunningPlane]:
    await here.service("web")
    await here.endpoints("web", "10.1.0.1")
    await here.gateway("192.0.2.1")
    async with running(settings_of(here.system), access) as plane:
        yield plane


async def test_readiness_waits_until_everything_is_read(access: Access, here: MeshCluster) -> None:
    async with starting(settings_of(here.system), access) as (plane, start):
        statuses = []
        while not start.done():
            try:
                statuses.append((await plane.get("ready"))[0])
            except aiohttp.ClientConnectionError:  # the port is not open yet
                continue
        await start
        statuses.append((await plane.get("ready"))[0])
    assert set(statuses[:-1]) <= {503, 200}
    assert statuses == sorted(statuses, reverse=True)
    assert statuses[-1] == 200


async def test_pages_about_the_mesh(plane: RunningPlane, here: MeshCluster) -> None:
    (cluster,) = await plane.page("clusterz")
    assert (cluster["id"], cluster["secretName"], cluster["syncStatus"]) == ("cluster1", "", "synced")
    gateway = {"Network": here.network, "Cluster": "cluster1", "Addr": "192.0.2.1", "Port": 15443}
    assert any(gateway.items() <= entry.items() for entry in await plane.page("networkz"))
    hostname = f"web.{here.app}.svc.cluster.local"
    shard = (await plane.page("endpointShardz"))[hostname][here.app]["Shards"]["Kubernetes/cluster1"]
    assert [(entry["Addresses"], entry["EndpointPort"], entry["TLSMode"]) for entry in shard] == [
        (["10.1.0.1"], 8080, "istio")
    ]
    assert (await plane.page("mesh"))["trustDomain"] == "cluster.local"
    assert "clusterz" in await plane.page("list")
    collections = await plane.page("collections")
    assert collections["collections"]["endpoints"] >= 1
    assert collections["faults"] == []
    inputs = await plane.page("collections?name=endpoints")
    assert f"slice endpoints/hostname: {hostname}" in inputs[hostname]
    status, body = await plane.get("debug/nosuch")
    assert (status, b"/debug/list" in body) == (404, True)
    assert (await plane.get("debug"))[1].startswith(b"<!doctype html>")


async def test_pages_about_a_proxy(plane: RunningPlane, here: MeshCluster) -> None:
    name = here.host("web")
    async with connected(plane.grpc, here.proxy(ISTIO_VERSION="1.29.0")) as proxy:
        await proxy.until_endpoints(name, "10.1.0.1:8080")
        await proxy.until(lambda proxy: "80" in proxy.resources[ROUTE])
        dump = (await plane.page(f"config_dump?proxyID=client.{here.app}"))["configs"]
        assert [config["@type"].rpartition(".")[2] for config in dump] == [
            "BootstrapConfigDump",
            "ClustersConfigDump",
            "EndpointsConfigDump",
            "ListenersConfigDump",
            "ScopedRoutesConfigDump",
            "RoutesConfigDump",
            "SecretsConfigDump",
        ]
        assert name in {entry["cluster"]["name"] for entry in dump[1]["dynamic_active_clusters"]}
        only = (await plane.page(f"config_dump?proxyID=client.{here.app}&types=eds"))["configs"]
        assert [config["@type"].rpartition(".")[2] for config in only] == ["EndpointsConfigDump"]

        (shown,) = await plane.page(f"syncz?namespace={here.app}")
        assert (shown["proxy"], shown["cluster_id"], shown["istio_version"]) == (
            f"client.{here.app}",
            "cluster1",
            "1.29.0",
        )
    assert await plane.get("debug/config_dump") == (400, b"You must provide a proxyID in the query string\n")
    status, body = await plane.get("debug/config_dump?proxyID=nobody")
    assert (status, body.startswith(b"Proxy not connected to this Pilot instance.")) == (404, True)


async def test_callers_from_elsewhere_must_prove_who_they_are(access: Access, here: MeshCluster) -> None:
    settings = settings_of(here.system)
    assert settings.http is not None
    settings = msgspec.structs.replace(settings, http=Address("0.0.0.0", settings.http.port))
    strangers = await here.token("client", "istio-ca")
    outsiders = await here.token("client", "istio-ca", namespace="default")
    operators = await here.token("operator", "istio-ca", namespace=here.system)
    async with running(settings, access) as plane, aiohttp.ClientSession() as session:
        remote = f"http://{own_address()}:{settings.http.port}/debug"

        async def status(path: str, token: str = "") -> int:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            async with session.get(f"{remote}/{path}", headers=headers) as answer:
                return answer.status

        async with connected(f"127.0.0.1:{plane.grpc.rpartition(':')[2]}", here.proxy()) as proxy:
            await proxy.until(lambda proxy: proxy.resources[LISTENER])
            assert [await status(path) for path in ("", "list", "clusterz")] == [401, 401, 401]
            assert await status("clusterz", "rubbish") == 401
            assert [await status(path, strangers) for path in ("", "list", "clusterz")] == [403, 403, 403]
            assert await status(f"config_dump?proxyID=client.{here.app}-1", strangers) == 200
            assert await status(f"config_dump?proxyID=client.{here.app}", outsiders) == 403
            assert [await status(path, operators) for path in ("", "list", "clusterz")] == [200, 200, 200]


def own_address() -> str:
    """An address of this machine that is not the loopback one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing
        return str(probe.getsockname()[0])


async def test_istioctl_reads_the_states_of_proxies_over_the_secure_port(
    plane: RunningPlane, here: MeshCluster
) -> None:
    secret = await here.client.get(kinds.SECRET, "istio-ca-secret", namespace=here.system)
    tls = grpc.ssl_channel_credentials(base64.b64decode(secret["data"]["ca-cert.pem"]))
    who = pb("envoy.config.core.v3.Node")(id=f"sidecar~0.0.0.0~istioctl.{here.system}~{here.system}.svc.cluster.local")
    who.metadata.update({"GENERATOR": "event"})
    token = await here.token("op", "istio-ca", namespace=here.system)
    async with (
        connected(plane.grpc, here.proxy()) as proxy,
        secure_channel(plane.secure_grpc, tls, f"istiod.{here.system}.svc") as channel,
    ):
        await proxy.until(lambda proxy: proxy.resources[LISTENER])
        call = channel.stream_stream(SOTW.method, None, None)(metadata=authorized(token))
        await call.wait_for_connection()
        await call.write(
            pb("envoy.service.discovery.v3.DiscoveryRequest")(node=who, type_url=SYNCZ).SerializeToString()
        )
        answer = pb("envoy.service.discovery.v3.DiscoveryResponse").FromString(await call.read())
        call.cancel()
    configs = [pb("envoy.service.status.v3.ClientConfig").FromString(one.value) for one in answer.resources]
    assert [config.node.id for config in configs] == [f"client.{here.app}"]
    assert {one.type_url for one in configs[0].generic_xds_configs} >= {LISTENER}
    assert json.loads(answer.control_plane.identifier)["Component"] == "istiod"


async def test_doubled_slashes_are_forgiven_because_istioctl_asks_for_them(plane: RunningPlane) -> None:
    assert await plane.get("/ready") == (200, b"")
    url = plane.url("/version", monitoring=True)
    assert "//version" in url
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert (answer.status, await answer.text()) == (200, __version__)


async def test_metrics_go_by_istios_names(plane: RunningPlane, here: MeshCluster) -> None:
    async with connected(plane.grpc, here.proxy()) as proxy:
        await proxy.until(lambda proxy: proxy.resources[LISTENER])
        async with aiohttp.ClientSession() as session, session.get(plane.url("metrics", monitoring=True)) as answer:
            text = await answer.text()
    samples = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["istiod_managed_clusters", ("cluster_type", "local")] == 1
    assert samples["istiod_managed_clusters", ("cluster_type", "remote")] == 0
    assert samples["pilot_xds_pushes", ("type", "lds")] >= 1
    assert samples[("pilot_services",)] >= 1
    assert samples[("isthmus_graph_faults",)] == 0
    assert samples[("citadel_server_root_cert_expiry_timestamp",)] > 0
    assert samples[("sidecar_injection_requests_total",)] == 0
    assert ("isthmus_cluster_age_seconds", ("cluster", "cluster1")) in samples
