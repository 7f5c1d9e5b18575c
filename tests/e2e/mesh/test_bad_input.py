"""Mistakes of users on real clusters: each is told where they look, and changes nothing else."""

import base64
import json
from typing import Any

import pytest
from joined_mesh import Mesh, eventually

from isthmus.cli.demo.members import SAMPLE, SYSTEM
from isthmus.kube import kinds
from isthmus.kube.client import Query
from isthmus.kube.wait import wait_ready

ROOT_CONFIG_MAP = "istio-ca-root-cert"
READY_SECONDS = 60.0
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
        assert clusters_of_the_mesh(mesh) == {mesh.here.name: "synced", mesh.there.name: "synced"}
        assert mesh.endpoints() == before


def clusters_of_the_mesh(mesh: Mesh) -> dict[str, str]:
    """State by id, as the control plane of `here` tells it."""
    (pod,) = json.loads(mesh.istioctl(mesh.here, "remote-clusters", "-o", "json"))
    return {cluster["id"]: cluster["syncStatus"] for cluster in pod["clusters"]}


async def test_a_namespace_that_lost_its_root_gets_it_again(mesh: Mesh) -> None:
    api = mesh.here.api
    former = await api.get(kinds.CONFIG_MAP, ROOT_CONFIG_MAP, namespace=SAMPLE)
    await api.delete(kinds.CONFIG_MAP, ROOT_CONFIG_MAP, namespace=SAMPLE)

    async def there_again() -> bool:
        found = await api.find(kinds.CONFIG_MAP, ROOT_CONFIG_MAP, namespace=SAMPLE)
        return found is not None and found["data"] == former["data"]

    await eventually(there_again, f"ConfigMap {ROOT_CONFIG_MAP} in namespace {SAMPLE}")


def check_codes(mesh: Mesh, *arguments: str) -> set[tuple[str, str]]:
    """Code and object name of each finding of `check`, as seen from `here` alone or from given contexts."""
    chosen = arguments or ("--context", mesh.here.context)
    answer = mesh.lab.run("isthmus", "check", *chosen, "-o", "json", check=False)
    return {(each["code"], each["objectName"]) for each in json.loads(answer.stdout)["findings"]}


def test_a_healthy_mesh_has_no_errors_in_check(mesh: Mesh) -> None:
    for arguments in (("--context", mesh.here.context), ("--contexts", f"{mesh.here.context},{mesh.there.context}")):
        answer = mesh.lab.run("isthmus", "check", *arguments)
        assert "Error" not in answer.stdout.split(), answer.stdout
        assert "Warning" not in answer.stdout.split(), answer.stdout
        assert f"Clusters: {mesh.here.name}, {mesh.there.name}" in answer.stdout


@pytest.mark.parametrize(
    ("key", "server", "codes"),
    [
        ("cluster2_again", "", {"ISM0202", "ISM0203", "ISM0204"}),
        ("cluster2", "", {"ISM0103"}),
        ("cluster9", "https://127.0.0.1:6443", {"ISM0110", "ISM0104"}),
    ],
    ids=("an underscore", "a second secret", "a loopback address"),
)
async def test_a_wrong_remote_secret_is_found_by_check_changes_no_endpoint_and_leaves_with_its_cluster(
    mesh: Mesh, key: str, server: str, codes: set[str]
) -> None:
    before = mesh.endpoints()
    kubeconfig = await the_kubeconfig(mesh)
    wrong = kubeconfig.replace(mesh.there.url, server) if server else kubeconfig
    async with mesh.made(kinds.SECRET, remote_secret("wrong", key, wrong)):
        found = check_codes(mesh)
        await mesh.news_reaches_every_client(mesh.there)
        assert mesh.endpoints() == before
    assert codes <= {code for code, about in found if about == "wrong"}

    async def left() -> bool:
        return clusters_of_the_mesh(mesh).keys() == {mesh.here.name, mesh.there.name}

    await eventually(left, f"the cluster {key} leaves with its Secret")


async def test_the_own_clusters_secret_is_found_by_check_and_changes_no_endpoint(mesh: Mesh) -> None:
    before = mesh.endpoints()
    own = mesh.istioctl(mesh.here, "create-remote-secret", f"--name={mesh.here.name}")
    mesh.lab.kubectl(mesh.here.context, "apply", "-f", "-", text=own)
    secret = f"istio-remote-secret-{mesh.here.name}"
    try:
        assert ("ISM0102", secret) in check_codes(mesh)
        await mesh.news_reaches_every_client(mesh.there)
        assert mesh.endpoints() == before
    finally:
        mesh.lab.kubectl(mesh.here.context, "delete", "secret", secret, "-n", SYSTEM)


async def test_a_network_label_that_is_missing_is_found_by_check_and_changes_no_endpoint(mesh: Mesh) -> None:
    before = mesh.endpoints()
    label = "topology.istio.io/network"
    mesh.lab.kubectl(mesh.there.context, "label", "namespace", SYSTEM, f"{label}-")
    try:
        await mesh.news_reaches_every_client(mesh.there)
        assert ("ISM0109", SYSTEM) in check_codes(mesh)
        assert mesh.endpoints() == before
    finally:
        mesh.lab.kubectl(mesh.there.context, "label", "namespace", SYSTEM, f"{label}={mesh.there.network}")


async def test_a_gateway_without_an_address_is_found_by_check_and_changes_no_endpoint(mesh: Mesh) -> None:
    before = mesh.endpoints()
    metadata = {"name": "pending", "namespace": SYSTEM, "labels": {"topology.istio.io/network": mesh.here.network}}
    ports = [{"name": "tls", "port": 15443}]
    selector = {"istio": "eastwestgateway"}
    spec = {"type": "LoadBalancer", "loadBalancerClass": "example.com/none", "selector": selector, "ports": ports}
    async with mesh.made(kinds.SERVICE, {"metadata": metadata, "spec": spec}):
        assert ("ISM0108", "pending") in check_codes(mesh)
        await mesh.news_reaches_every_client(mesh.here)
        assert mesh.endpoints() == before


async def test_a_control_plane_that_is_away_is_found_by_check_and_costs_only_new_pods(mesh: Mesh) -> None:
    before = mesh.endpoints()
    scale = ("scale", "deployment/istiod", "-n", SYSTEM)
    mesh.lab.kubectl(mesh.here.context, *scale, "--replicas=0")
    try:
        await wait_gone_pods(mesh)
        found = check_codes(mesh)
        assert {"ISM0231", "ISM0233"} <= {code for code, _ in found}
        run = ("kubectl", "--context", mesh.here.context, "run", "late", "-n", SAMPLE, "--image=pause")
        refused = mesh.lab.run(*run, check=False)
        assert "failed calling webhook" in refused.stderr
        assert mesh.endpoints() == before
    finally:
        mesh.lab.kubectl(mesh.here.context, *scale, "--replicas=1")
        await wait_ready(mesh.here.api, kinds.DEPLOYMENT, "istiod", namespace=SYSTEM, seconds=READY_SECONDS)


async def test_services_that_are_missing_or_differ_are_found_by_check(mesh: Mesh) -> None:
    def service(name: str, port: str) -> dict[str, Any]:
        return {"metadata": {"name": name, "namespace": SAMPLE}, "spec": {"ports": [{"name": port, "port": 80}]}}

    async with (
        mesh.made(kinds.SERVICE, service("only-here", "http")),
        mesh.made(kinds.SERVICE, service("both", "http")),
    ):
        await mesh.there.api.create(kinds.SERVICE, service("both", "tcp"))
        try:
            found = check_codes(mesh)
        finally:
            await mesh.there.api.delete(kinds.SERVICE, "both", namespace=SAMPLE)
    assert {("ISM0112", "only-here"), ("ISM0241", "both"), ("ISM0242", "both")} <= found


async def the_kubeconfig(mesh: Mesh) -> str:
    """With which `here` reads `there`."""
    name = f"istio-remote-secret-{mesh.there.name}"
    secret = await mesh.here.api.get(kinds.SECRET, name, namespace=SYSTEM)
    return base64.b64decode(secret["data"][mesh.there.name]).decode()


async def wait_gone_pods(mesh: Mesh) -> None:
    """No control plane pod is left in `here`, and its Service has no endpoint."""

    async def gone() -> bool:
        pods = await mesh.here.api.list(kinds.POD, Query(SYSTEM, labels="app=istiod"))
        slices = await mesh.here.api.list(
            kinds.ENDPOINT_SLICE, Query(SYSTEM, labels="kubernetes.io/service-name=istiod")
        )
        return not pods.items and not any(each.get("endpoints") for each in slices.items)

    await eventually(gone, "the control plane is gone", READY_SECONDS)


def analyze(mesh: Mesh, namespace: str) -> tuple[str, ...]:
    return ("istioctl", "--context", mesh.here.context, "analyze", "-n", namespace)
