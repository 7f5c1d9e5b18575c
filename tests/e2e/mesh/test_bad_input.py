"""Mistakes of users on real clusters: each is told where they look, and changes nothing else."""

import base64
import json
from typing import Any

import pytest
from joined_mesh import Mesh, eventually

from isthmus.cli.demo.members import SAMPLE, SYSTEM
from isthmus.kube import kinds

ROOT_CONFIG_MAP = "istio-ca-root-cert"
FOUND = 79
"""The exit status of `analyze` when there are errors."""


def istio(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": SAMPLE}
    return {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def route(**route: Any) -> dict[str, Any]:
    """A VirtualService of helloworld with one route."""
    destination = {"destination": {"host": "helloworld"}}
    return istio("VirtualService", "broken", {"hosts": ["helloworld"], "http": [{"route": [destination], **route}]})


def remote_secret(name: str, cluster: str, kubeconfig: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": SYSTEM, "labels": {"istio/multiCluster": "true"}}
    data = {cluster: base64.b64encode(kubeconfig.encode()).decode()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (route(retries={"attempts": -1}), "admission webhook"),
        (route(timeout="soon"), "spec.http[0].timeout"),
        (istio("VirtualService", "broken", {"hosts": ["*"], "http": []}), "admission webhook"),
    ],
)
def test_a_malformed_virtual_service_is_refused_with_the_field_and_is_not_stored(
    mesh: Mesh, body: dict[str, Any], said: str
) -> None:
    before = mesh.endpoints()
    apply = ("kubectl", "--context", mesh.here.context, "apply", "-f", "-")
    refused = mesh.lab.run(*apply, text=json.dumps(body), check=False)
    assert refused.returncode == 1
    assert said in refused.stderr
    assert mesh.lab.kubectl(mesh.here.context, "-n", SAMPLE, "get", "virtualservices", "-o", "name") == ""
    assert mesh.endpoints() == before


async def test_a_gateway_without_a_workload_is_found_by_analyze(mesh: Mesh) -> None:
    server = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}
    gateway = istio("Gateway", "nowhere", {"selector": {"istio": "nobody"}, "servers": [server]})
    async with mesh.made(kinds.GATEWAY, gateway):
        found = mesh.lab.run(*analyze(mesh, SAMPLE), check=False)
    assert found.returncode == FOUND
    assert "IST0101" in found.stdout
    assert "istio=nobody" in found.stdout
    assert "nowhere" in found.stdout


@pytest.mark.parametrize(
    ("secret", "code"),
    [
        (remote_secret("garbled", "cluster9", "users: ["), "ISM0101"),
        (remote_secret("own", "cluster1", "{}"), "ISM0102"),
        (remote_secret("twin", "cluster2", "{}"), "ISM0103"),
    ],
)
async def test_a_remote_secret_that_leads_nowhere_is_found_by_analyze_and_costs_no_cluster(
    mesh: Mesh, secret: dict[str, Any], code: str
) -> None:
    before, name = mesh.endpoints(), secret["metadata"]["name"]

    async def logged() -> bool:
        return f'"secret": "{SYSTEM}/{name}"' in mesh.log_of_control_plane(mesh.here, since=0)

    async with mesh.made(kinds.SECRET, secret):
        await eventually(logged, f"the control plane's log names the secret {name}")
        assert code in mesh.lab.run(*analyze(mesh, SYSTEM), check=False).stdout
        clusters = mesh.istioctl(mesh.here, "remote-clusters").splitlines()[1:]
        assert [line.split()[0] for line in clusters] == [mesh.here.name, mesh.there.name]
        assert all(" synced " in line for line in clusters)
        assert mesh.endpoints() == before


async def test_a_namespace_that_lost_its_root_gets_it_again(mesh: Mesh) -> None:
    api = mesh.here.api
    former = await api.get(kinds.CONFIG_MAP, ROOT_CONFIG_MAP, namespace=SAMPLE)
    await api.delete(kinds.CONFIG_MAP, ROOT_CONFIG_MAP, namespace=SAMPLE)

    async def there_again() -> bool:
        found = await api.find(kinds.CONFIG_MAP, ROOT_CONFIG_MAP, namespace=SAMPLE)
        return found is not None and found["data"] == former["data"]

    await eventually(there_again, f"ConfigMap {ROOT_CONFIG_MAP} in namespace {SAMPLE}")


def analyze(mesh: Mesh, namespace: str) -> tuple[str, ...]:
    return ("istioctl", "--context", mesh.here.context, "analyze", "-n", namespace)
