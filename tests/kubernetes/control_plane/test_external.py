"""A control plane that runs in one cluster (``here``) and takes its configuration from another one (``there``)."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography import x509
from log_lines import LogLines
from mesh_cluster import MeshCluster
from plugged_in_ca import Root
from running_plane import RunningPlane, presented_certificate, running, settings_of

from isthmus.control_plane.remote_secrets import CONFIG_KEY, CONFIG_SECRET
from isthmus.control_plane.settings import Settings
from isthmus.kube import kinds

SECONDS = 30.0


@pytest.fixture
def settings(here: MeshCluster) -> Settings:
    return settings_of(here.system, cluster_id="cluster2", external=True, local_secrets=True)


async def config_map(cluster: MeshCluster, name: str, **data: str) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": cluster.system}}
    await cluster.client.apply(kinds.CONFIG_MAP, {**body, "data": data})


async def plugged_in(cluster: MeshCluster, directory: Path) -> None:
    """The files of a directory as the Secret ``cacerts``."""
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "cacerts", "namespace": cluster.system}}
    await cluster.client.apply(kinds.SECRET, {**body, "data": files_of(directory)})


def files_of(directory: Path) -> dict[str, str]:
    return {path.name: base64.b64encode(path.read_bytes()).decode() for path in directory.iterdir()}


async def test_remote_secrets_are_where_it_runs_and_its_own_credential_is_no_cluster(
    settings: Settings, here: MeshCluster, there: MeshCluster
) -> None:
    await here.remote_secret(CONFIG_SECRET, **{CONFIG_KEY: await there.reader_kubeconfig()})
    await here.remote_secret("remote", cluster1=await here.reader_kubeconfig())
    await there.remote_secret("elsewhere", cluster9=await here.reader_kubeconfig())
    async with running(settings, there.client.access, here.client.access) as plane:
        await plane.until_cluster("cluster1", lambda entry: entry["syncStatus"] == "synced")
        shown = [(entry["id"], entry["secretName"]) for entry in await plane.page("clusterz")]
    assert shown == [("cluster2", ""), ("cluster1", f"{here.system}/remote")]


async def test_without_a_local_watcher_remote_secrets_are_in_the_configuration_cluster(
    settings: Settings, here: MeshCluster, there: MeshCluster
) -> None:
    await there.remote_secret("remote", cluster1=await here.reader_kubeconfig())
    plain = msgspec.structs.replace(settings, local_secrets=False)
    async with running(plain, there.client.access) as plane:
        await plane.until_cluster("cluster1", lambda entry: entry["syncStatus"] == "synced")


async def test_a_ca_plugged_into_the_configuration_cluster_is_used_and_followed(
    settings: Settings, here: MeshCluster, there: MeshCluster, tmp_path: Path, logs: LogLines
) -> None:
    root = Root()
    root.write_intermediate("first", tmp_path / "first")
    root.write_intermediate("second", tmp_path / "second")
    await plugged_in(there, tmp_path / "first")
    async with running(settings, there.client.access, here.client.access) as plane:
        assert logs.find("plugged-in CA", secret=f"{there.system}/cacerts")
        await plugged_in(there, tmp_path / "second")
        await logs.until("CA bundle in use", "CN=second")
        pem = await asyncio.to_thread(presented_certificate, plane.secure_grpc)
        assert x509.load_pem_x509_certificate(pem).issuer.rfc4514_string() == "CN=second"
        (tmp_path / "second" / "ca-key.pem").write_text("rubbish")
        await plugged_in(there, tmp_path / "second")
        await logs.until("changed CA bundle is not usable", f"Secret {there.system}/cacerts ca-key.pem")


async def test_the_operators_settings_win_over_those_shared_by_the_administrator_and_both_are_followed(
    settings: Settings, here: MeshCluster, there: MeshCluster, tmp_path: Path
) -> None:
    mesh = tmp_path / "mesh"
    mesh.write_text("accessLogFile: /operator\ndefaultConfig: {proxyMetadata: {A: operator}}")
    await config_map(
        there, "istio", mesh="{accessLogFile: /x, enableTracing: true, defaultConfig: {proxyMetadata: {A: x, B: x}}}"
    )
    layered = msgspec.structs.replace(settings, mesh_config=mesh, shared_mesh_config="istio")
    async with running(layered, there.client.access, here.client.access) as plane:
        shown = await plane.page("mesh")
        assert (shown["accessLogFile"], shown["enableTracing"]) == ("/operator", True)
        assert shown["defaultConfig"]["proxyMetadata"] == {"A": "operator", "B": "x"}
        await config_map(there, "istio", mesh="{accessLogFile: /x, outboundTrafficPolicy: {mode: REGISTRY_ONLY}}")
        mesh.write_text("rootNamespace: elsewhere")
        shown = await until_shown(plane, accessLogFile="/x", rootNamespace="elsewhere")
        assert shown["outboundTrafficPolicy"]["mode"] == "REGISTRY_ONLY"


async def test_its_certificate_has_the_name_or_address_that_proxies_are_told(
    settings: Settings, here: MeshCluster, there: MeshCluster, logs: LogLines
) -> None:
    await config_map(there, "istio", mesh="defaultConfig: {discoveryAddress: '192.0.2.1:15012'}")
    async with running(settings, there.client.access, here.client.access) as plane:
        names = await served_names(plane.secure_grpc)
        assert {"192.0.2.1", f"istiod.{here.system}.svc"} <= names
        await config_map(there, "istio", mesh="defaultConfig: {discoveryAddress: 'mesh.example.com:15012'}")
        await logs.until("serving certificate issued", "mesh.example.com")
        names = await served_names(plane.secure_grpc)
        assert "mesh.example.com" in names
        assert "192.0.2.1" not in names


async def until_shown(plane: RunningPlane, **fields: str) -> Any:
    """The page of the mesh's settings, once these fields are so."""
    async with asyncio.timeout(SECONDS):
        while True:
            shown = await plane.page("mesh")
            if fields.items() <= shown.items():
                return shown
            await asyncio.sleep(0.05)


async def served_names(target: str) -> set[str]:
    """All alternative names of the certificate that a port presents."""
    certificate = x509.load_pem_x509_certificate(await asyncio.to_thread(presented_certificate, target))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in names}
