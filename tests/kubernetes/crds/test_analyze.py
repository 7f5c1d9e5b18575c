"""``analyze`` against a real API server, other clusters by remote secret included."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from isthmus.cli.analyze import FOUND_ISSUES, analyze
from isthmus.kube import kinds
from isthmus.kube.client import Client
from isthmus.lab.apiserver import ApiServer

ROOT = "-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n"


class Istioctl:
    """The command, run with the test's namespace as that of workloads and of the control plane."""

    def __init__(self, kubeconfig: Path, namespace: str) -> None:
        self._fixed = ["--kubeconfig", str(kubeconfig), "-i", namespace, "-n", namespace]

    async def __call__(self, *arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, analyze, [*self._fixed, *arguments])


@pytest.fixture
def istioctl(apiserver: ApiServer, namespace: str, tmp_path: Path) -> Istioctl:
    path = tmp_path / "kubeconfig"
    path.write_text(apiserver.kubeconfig)
    return Istioctl(path, namespace)


async def create(client: Client, namespace: str, kind: kinds.Kind, name: str, **fields: Any) -> None:
    labels = fields.pop("labels", {})
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    head = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}
    await client.create(kind, {**head, **fields})


async def remote_secret(client: Client, namespace: str, name: str, key: str, kubeconfig: str) -> None:
    data = {key: base64.b64encode(kubeconfig.encode()).decode()}
    await create(client, namespace, kinds.SECRET, name, labels={"istio/multiCluster": "true"}, data=data)


async def test_a_healthy_namespace_has_no_findings(client: Client, namespace: str, istioctl: Istioctl) -> None:
    label = {"metadata": {"labels": {"istio-injection": "enabled"}}}
    await client.merge_patch(kinds.NAMESPACE, namespace, label)
    await create(client, namespace, kinds.CONFIG_MAP, "istio-ca-root-cert", data={"root-cert.pem": ROOT})
    result = await istioctl()
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert f"No validation issues found when analyzing namespace: {namespace}." in result.stderr


async def test_a_gateway_that_nobody_carries_is_found_and_fails_the_command(
    client: Client, namespace: str, istioctl: Istioctl
) -> None:
    server = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}
    spec = {"selector": {"istio": "nowhere"}, "servers": [server]}
    await create(client, namespace, kinds.GATEWAY, "lost", spec=spec)
    line = f'Error [IST0101] (Gateway {namespace}/lost) Referenced selector not found: "istio=nowhere"'
    result = await istioctl()
    assert result.exit_code == FOUND_ISSUES
    assert line in result.stdout.splitlines()

    hidden = await istioctl("-S", f"IST0101=Gateway {namespace}/*", "-S", f"ISM0107=Namespace {namespace}")
    assert hidden.exit_code == 0
    assert line not in hidden.stdout

    plain = await istioctl("-o", "json")
    assert plain.exit_code == 0
    assert "IST0101" in {entry["code"] for entry in json.loads(plain.stdout)}


async def test_files_are_looked_at_as_if_they_were_applied(
    client: Client, namespace: str, istioctl: Istioctl, tmp_path: Path
) -> None:
    await create(client, namespace, kinds.SERVICE, "web", spec={"ports": [{"name": "http", "port": 80}]})
    written = tmp_path / "routes.yaml"
    written.write_text(
        "apiVersion: networking.istio.io/v1\n"
        "kind: VirtualService\n"
        "metadata: {name: web}\n"
        "spec: {hosts: [web], http: [{route: [{destination: {host: web}}]}]}\n"
        "---\n"
        "apiVersion: networking.istio.io/v1\n"
        "kind: VirtualService\n"
        "metadata: {name: api}\n"
        "spec: {hosts: [api], http: [{route: [{destination: {host: api}}]}]}\n"
    )
    result = await istioctl(str(written))
    found = f'Error [IST0101] (VirtualService {namespace}/api {written}:6) Referenced host not found: "api"'
    assert found in result.stdout.splitlines()
    assert f"(VirtualService {namespace}/web" not in result.stdout


async def test_remote_secrets_are_read_and_their_mistakes_named(
    client: Client, namespace: str, istioctl: Istioctl, apiserver: ApiServer
) -> None:
    injector = {"values": json.dumps({"global": {"multiCluster": {"clusterName": "c1"}}})}
    await create(client, namespace, kinds.CONFIG_MAP, "istio-sidecar-injector", data=injector)
    unsafe = apiserver.kubeconfig.replace("client-key-data:", "tokenFile: /etc/passwd\n    client-key-data:")
    closed = apiserver.kubeconfig.replace(apiserver.url, "https://127.0.0.1:1")
    await remote_secret(client, namespace, "a", "c1", apiserver.kubeconfig)
    await remote_secret(client, namespace, "b", "c2", apiserver.kubeconfig)
    await remote_secret(client, namespace, "c", "c2", apiserver.kubeconfig)
    await remote_secret(client, namespace, "d", "c4", "clusters: [")
    await remote_secret(client, namespace, "e", "c5", unsafe)
    await remote_secret(client, namespace, "f", "c6", closed)
    result = await istioctl("-v")
    assert "clusters: c1, c2" in result.stderr
    lines = result.stdout.splitlines()
    expected = {"a": "ISM0102", "c": "ISM0103", "d": "ISM0101", "e": "ISM0101", "f": "ISM0110"}
    for secret, code in {**expected, "f ": "ISM0104"}.items():
        about = f"(Secret {namespace}/{secret.strip()})"
        assert any(about in line and f"[{code}]" in line for line in lines), (secret, code, lines)
    assert any("tokenFile is not allowed in a remote secret" in line for line in lines)

    alone = await istioctl("-v", "--no-multi-cluster")
    assert "clusters: c1)" in alone.stderr


async def test_mistakes_in_the_call_are_told(istioctl: Istioctl, tmp_path: Path) -> None:
    missing = await istioctl("-n", "no-such-namespace")
    assert missing.exit_code == 1
    assert 'namespace "no-such-namespace" not found' in missing.stderr

    absent = await istioctl(str(tmp_path / "absent.yaml"))
    assert "absent.yaml: No such file or directory" in absent.stderr

    assert "write CODE=RESOURCE" in (await istioctl("-S", "IST0101")).stderr
