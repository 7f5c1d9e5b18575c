"""A serving certificate that somebody else issues: served, followed, and verified by everybody."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from certificate_client import Agent
from delta_client import secure_channel
from grpc import ssl_channel_credentials
from log_lines import LogLines
from mesh_cluster import MeshCluster
from one_object import OneObject
from plugged_in_ca import Root
from process_run import run_process
from running_plane import RunningPlane, presented_certificate, running, settings_of

from isthmus.kube import kinds
from isthmus.kube.access import Access
from isthmus.lab.apiserver import ApiServer

HOST = "istiod.example.com"


async def shown(plane: RunningPlane) -> set[bytes]:
    """By all ports with TLS, from one line to the other."""
    targets = (plane.secure_grpc, plane.webhook)
    return {(await asyncio.to_thread(presented_certificate, target)).strip() for target in targets}


async def test_a_mounted_certificate_is_served_and_followed_and_its_root_is_published(
    access: Access, here: MeshCluster, tmp_path: Path, logs: LogLines
) -> None:
    mesh, company, directory = Root(), Root(), tmp_path / "istiod"
    mesh.write_intermediate("first", tmp_path / "cacerts")
    (directory / "ca").mkdir(parents=True)
    (directory / "ca" / "root-cert.pem").write_bytes(mesh.pem)  # as it was published before
    first = company.write_serving(HOST, directory / "tls")
    settings = settings_of(here.system, ca_directory=tmp_path / "cacerts", serving_directory=directory)
    async with running(settings, access) as plane:
        assert await shown(plane) == {first.strip()}
        published = OneObject(here.client, kinds.CONFIG_MAP, "istio-ca-root-cert", here.app)
        await published.until("data", "root-cert.pem", is_=company.pem.decode())

        agent = Agent.of(f"spiffe://cluster.local/ns/{here.app}/sa/client")
        async with secure_channel(plane.secure_grpc, ssl_channel_credentials(company.pem), HOST) as channel:
            chain = await agent.certify(channel, await here.token("client", "istio-ca"))
        assert chain[-1].encode().strip() == mesh.pem.strip(), "workloads are still the mesh's"

        company.write_serving(HOST, directory / "tls", weak=True)
        await logs.until("changed serving certificate is not usable", "OpenSSL does not take it")
        assert await shown(plane) == {first.strip()}

        second = company.write_serving(HOST, directory / "tls")
        await logs.until_more("serving certificate of somebody else", than=1)
        assert await shown(plane) == {second.strip()}

        successor = Root()
        third = successor.write_serving(HOST, directory / "tls")
        await published.until("data", "root-cert.pem", is_=successor.pem.decode())
        assert await shown(plane) == {third.strip()}


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [("tls.key", "not the key of"), ("ca.crt", "does not lead to the given root"), ("tls.crt", "No such file")],
)
async def test_files_of_flags_that_do_not_fit_keep_the_process_from_starting(
    apiserver: ApiServer, here: MeshCluster, tmp_path: Path, wrong: str, problem: str
) -> None:
    Root().write_serving(HOST, tmp_path / "tls")
    Root().write_serving(HOST, tmp_path / "others")
    (tmp_path / "others" / wrong).replace(tmp_path / "tls" / wrong)
    if wrong == "tls.crt":
        (tmp_path / "tls" / wrong).unlink()
    files = {"--tlsCertFile": "tls.crt", "--tlsKeyFile": "tls.key", "--caCertFile": "ca.crt"}
    flags = [text for flag, name in files.items() for text in (flag, str(tmp_path / "tls" / name))]
    status, output = await run_process(apiserver, here, tmp_path, *flags)
    last = output.splitlines()[-1]
    assert (status, "Traceback" in output) == (1, False), output
    assert "cannot start" in last
    assert problem in last
    assert str(tmp_path / "tls") in last
