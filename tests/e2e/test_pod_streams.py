"""Port-forward and exec through a real API server, kubelet and container runtime."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from isthmus.kube import kinds
from isthmus.kube.access import load_kubeconfig
from isthmus.kube.client import Client
from isthmus.kube.errors import KubeError, UnreachableError
from isthmus.kube.pod_http import get_from_pod
from isthmus.kube.pod_names import PodName, find_pod
from isthmus.kube.wait import wait_ready
from isthmus.kube.websocket import PodPort, PortForwardError, port_forward, run_in_pod

NAMESPACE = "pod-streams"


def deployment() -> dict[str, Any]:
    labels = {"app": "hello"}
    container = {
        "name": "hello",
        "image": "docker.io/istio/examples-helloworld-v1:1.0",
        "readinessProbe": {"httpGet": {"path": "/health", "port": 5000}, "periodSeconds": 1},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "hello", "namespace": NAMESPACE},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
            },
        },
    }


@pytest.fixture
async def client(lab: Any) -> AsyncIterator[Client]:
    async with Client(load_kubeconfig(lab.kubeconfig, lab.contexts[0])) as client:
        yield client


@pytest.fixture
async def pod(client: Client) -> PodName:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    await client.apply(kinds.NAMESPACE, namespace)
    await client.apply(kinds.DEPLOYMENT, deployment())
    await wait_ready(client, kinds.DEPLOYMENT, "hello", namespace=NAMESPACE, seconds=60)
    return await find_pod(client, f"deploy/hello.{NAMESPACE}", "default")


async def test_http_reaches_a_port_of_a_pod(client: Client, pod: PodName) -> None:
    body = await get_from_pod(client, PodPort(pod.namespace, pod.name, 5000), "/hello")
    assert body.startswith(b"Hello version: v1")


async def test_raw_bytes_go_both_ways(client: Client, pod: PodName) -> None:
    async with port_forward(client, PodPort(pod.namespace, pod.name, 5000)) as (reader, writer):
        writer.write(b"GET /hello HTTP/1.1\r\nHost: hello\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")


async def test_a_port_on_which_nothing_listens_is_said_in_plain_words(client: Client, pod: PodName) -> None:
    target = PodPort(pod.namespace, pod.name, 5999)
    with pytest.raises(UnreachableError, match="nothing listens on this port"):
        await get_from_pod(client, target, "/")
    async with port_forward(client, target) as (reader, _):
        with pytest.raises(PortForwardError, match="nothing listens on this port"):
            await reader.read()


async def test_a_pod_that_does_not_exist_is_named(client: Client, pod: PodName) -> None:
    with pytest.raises(KubeError, match=f"pod {NAMESPACE}/nobody does not exist"):
        await get_from_pod(client, PodPort(NAMESPACE, "nobody", 5000), "/")


async def test_a_programs_output_and_exit_code_come_back(client: Client, pod: PodName) -> None:
    command = ("sh", "-c", "echo out; echo err >&2; exit 3")
    finished = await run_in_pod(client, pod.namespace, pod.name, "hello", command)
    assert (finished.stdout, finished.stderr, finished.exit_code) == (b"out\n", b"err\n", 3)


async def test_input_reaches_a_program_to_its_end(client: Client, pod: PodName) -> None:
    text = b"0123456789" * 2_000_000
    finished = await run_in_pod(client, pod.namespace, pod.name, "hello", ("cat",), text)
    assert finished.stdout == text


async def test_a_program_that_does_not_exist_is_an_error(client: Client, pod: PodName) -> None:
    with pytest.raises(KubeError, match="executable file not found"):
        await run_in_pod(client, pod.namespace, pod.name, "hello", ("nonexistent",))
