"""The plugged-in CA: replaced while the control plane runs, and refused when it is not whole."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from certificate_client import Agent
from cryptography import x509
from delta_client import secure_channel
from grpc import ssl_channel_credentials
from log_lines import LogLines
from mesh_cluster import MeshCluster
from plugged_in_ca import Root
from process_run import run_process
from running_plane import presented_certificate, running, settings_of

from isthmus.kube.access import Access
from isthmus.lab.apiserver import ApiServer

FILES = ("ca-cert.pem", "ca-key.pem", "root-cert.pem", "cert-chain.pem")


def issuer(pem: bytes) -> str:
    return x509.load_pem_x509_certificate(pem).issuer.rfc4514_string()


async def test_a_new_intermediate_signs_at_once_and_a_new_root_is_not_taken(
    access: Access, here: MeshCluster, tmp_path: Path, logs: LogLines
) -> None:
    root, directory = Root(), tmp_path / "cacerts"
    root.write_intermediate("first", directory)
    async with running(settings_of(here.system, ca_directory=directory), access) as plane:
        assert issuer(await asyncio.to_thread(presented_certificate, plane.secure_grpc)) == "CN=first"

        second = root.write_intermediate("second", directory)
        await logs.until("CA bundle in use", "CN=second")
        for target in (plane.secure_grpc, plane.webhook):
            assert issuer(await asyncio.to_thread(presented_certificate, target)) == "CN=second"
        agent = Agent.of(f"spiffe://cluster.local/ns/{here.app}/sa/client")
        tls = ssl_channel_credentials(root.pem)
        async with secure_channel(plane.secure_grpc, tls, f"istiod.{here.system}.svc") as channel:
            chain = await agent.certify(channel, await here.token("client", "istio-ca"))
        assert issuer(chain[0].encode()) == "CN=second"
        assert chain[1] == second.decode()

        Root().write_intermediate("third", directory)
        await logs.until("changed CA bundle not taken", "root-cert.pem changed", "ISTIO_MULTIROOT_MESH")
        assert issuer(await asyncio.to_thread(presented_certificate, plane.secure_grpc)) == "CN=second"


@pytest.mark.parametrize("missing", FILES)
async def test_half_a_bundle_keeps_the_process_from_starting(
    apiserver: ApiServer, here: MeshCluster, tmp_path: Path, missing: str
) -> None:
    directory = tmp_path / "cacerts"
    Root().write_intermediate("first", directory)
    (directory / missing).unlink()
    status, output = await run_process(apiserver, here, tmp_path, "--ca-directory", str(directory))
    last = output.splitlines()[-1]
    assert status == 1
    assert f"{directory / missing}: missing: incomplete signing CA bundle" in last
    assert "cannot start" in last
    assert "Traceback" not in output


async def test_a_port_that_is_taken_is_named(apiserver: ApiServer, here: MeshCluster, tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    taken = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    status, output = await run_process(apiserver, here, tmp_path, "--grpc-address", taken)
    server.close()
    assert (status, "Traceback" in output) == (1, False), output
    assert "cannot start" in output.splitlines()[-1]
    assert taken in output.splitlines()[-1]


async def test_a_process_that_is_told_to_stop_says_goodbye(
    apiserver: ApiServer, here: MeshCluster, tmp_path: Path
) -> None:
    status, output = await run_process(apiserver, here, tmp_path, stop_at='"ready"')
    assert (status, "Traceback" in output) == (0, False), output
    assert '"stopped"' in output.splitlines()[-1]


async def test_a_full_disk_is_of_no_concern(apiserver: ApiServer, here: MeshCluster, tmp_path: Path) -> None:
    """The process needs no room: what it keeps is in the API server."""
    place = tmp_path / "full"
    place.mkdir()
    fill = f"mount -t tmpfs -o size=64k tmpfs {place} && cp kubeconfig {place} && cd {place}"
    fill += f" && export TMPDIR={place} && ! dd if=/dev/zero of=filling bs=1k status=none 2>&-"
    wrapper = ("unshare", "--mount", "sh", "-c", f'{fill} && exec "$@"', "sh")
    status, output = await run_process(apiserver, here, tmp_path, stop_at='"ready"', wrapper=wrapper)
    assert (status, "Traceback" in output) == (0, False), output
    assert '"stopped"' in output.splitlines()[-1]
