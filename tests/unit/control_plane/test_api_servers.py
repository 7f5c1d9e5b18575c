"""Which API servers the process works with, and when it has to start anew."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import yaml

from isthmus.control_plane.api_servers import accesses_of, follow_kubeconfig
from isthmus.control_plane.settings import from_environment
from isthmus.kube import access
from isthmus.process import watched_files

POD = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}


def kubeconfig(server: str) -> str:
    entry = {"name": "c", "cluster": {"server": server}}
    context = {"name": "c", "context": {"cluster": "c", "user": "c"}}
    users = [{"name": "c", "user": {"token": "t"}}]
    return yaml.safe_dump({"clusters": [entry], "contexts": [context], "users": users, "current-context": "c"})


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a pod with a service account and a kubeconfig that is not mounted yet."""
    account = tmp_path / "serviceaccount"
    account.mkdir()
    (account / "token").write_text("t")
    (account / "namespace").write_text("external-istiod")
    (account / "ca.crt").write_text("-----BEGIN CERTIFICATE-----\n")
    monkeypatch.setattr(access, "SERVICE_ACCOUNT_DIRECTORY", account)
    return {**POD, "KUBECONFIG": str(tmp_path / "config"), "EXTERNAL_ISTIOD": "true"}


def test_a_mounted_kubeconfig_leads_to_the_configuration_and_secrets_are_there_too(pod: dict[str, str]) -> None:
    Path(pod["KUBECONFIG"]).write_text(kubeconfig("https://config:6443"))
    found = accesses_of(from_environment(pod), pod)
    assert found.configuration.server == "https://config:6443"
    assert found.secrets == found.configuration


def test_remote_secrets_are_in_the_pods_own_cluster_when_an_external_control_plane_is_told_so(
    pod: dict[str, str],
) -> None:
    Path(pod["KUBECONFIG"]).write_text(kubeconfig("https://config:6443"))
    pod["LOCAL_CLUSTER_SECRET_WATCHER"] = "true"
    assert accesses_of(from_environment(pod), pod).secrets.server == "https://10.96.0.1:443"
    pod["EXTERNAL_ISTIOD"] = "false"
    assert accesses_of(from_environment(pod), pod).secrets.server == "https://config:6443"


def test_without_the_kubeconfig_everything_is_in_the_pods_own_cluster(pod: dict[str, str]) -> None:
    found = accesses_of(from_environment(pod), pod)
    assert {found.configuration.server, found.secrets.server} == {"https://10.96.0.1:443"}


async def test_a_kubeconfig_that_is_mounted_late_or_replaced_is_told_and_one_that_goes_is_not(
    pod: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched_files, "SECONDS", 0.01)
    path, told = Path(pod["KUBECONFIG"]), asyncio.Queue[None]()
    task = asyncio.create_task(follow_kubeconfig(pod, lambda: told.put_nowait(None)))
    await asyncio.sleep(0)
    write(path, "https://config:6443")
    async with asyncio.timeout(10):
        await told.get()
        replace(path, "https://other-config:6443")
        await told.get()
    task.cancel()


def write(path: Path, server: str) -> None:
    path.write_text(kubeconfig(server))


def replace(path: Path, server: str) -> None:
    """First it is gone, then it is another one."""
    path.unlink()
    write(path.with_suffix(".new"), server)
    path.with_suffix(".new").rename(path)


async def test_outside_of_a_pod_nobody_would_start_it_again_so_that_nothing_is_told(tmp_path: Path) -> None:
    await asyncio.wait_for(follow_kubeconfig({"KUBECONFIG": str(tmp_path / "config")}, pytest.fail), 10)
