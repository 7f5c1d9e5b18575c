"""What the node agent asks a real API server, and does there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from isthmus.cni.installation import DAEMON_SET, is_removed
from isthmus.cni.metrics import Metrics
from isthmus.cni.node_agent import NodeAgent
from isthmus.cni.pods import Pod
from isthmus.cni.repair import Repair
from isthmus.cni.request import Request
from isthmus.cni.settings import Settings, read_settings
from isthmus.kube import kinds
from isthmus.kube.client import Client, Writing
from isthmus.kube.credentials import Credential, Fixed
from isthmus.kube.errors import ApiError

SETTINGS = read_settings({"NODE_NAME": "n1", "POD_NAMESPACE": "istio-cni", "EXCLUDE_NAMESPACES": "kube-system"})


def pod(name: str, **spec: Any) -> dict[str, Any]:
    containers = [
        {"name": "app", "image": "app:1"},
        {"name": "istio-proxy", "image": "p:1", "args": ["proxy", "sidecar"]},
    ]
    annotations = {"sidecar.istio.io/status": "{}"}
    whole = {"nodeName": "n1", "containers": containers, "automountServiceAccountToken": False, **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "annotations": annotations}, "spec": whole}


async def created(client: Client, namespace: str, body: dict[str, Any]) -> Pod:
    found = await client.create(kinds.POD, body, namespace=namespace)
    return msgspec.convert(found, Pod, strict=False)


@pytest.fixture
def network() -> Iterator[int]:
    """A descriptor that is no network namespace: an attempt to enter it fails and says so."""
    descriptor = os.open(Path("/dev/null"), os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def agent(client: Client, settings: Settings = SETTINGS) -> NodeAgent:
    return NodeAgent(client, settings, Metrics())


async def test_a_pod_without_a_sidecar_starts_at_once(client: Client, namespace: str, network: int) -> None:
    await created(client, namespace, pod("plain", containers=[{"name": "app", "image": "app:1"}]))
    assert await agent(client).answer(Request("ADD", namespace, "plain", ""), network) == "ok"


async def test_a_pod_with_a_sidecar_does_not_start_without_its_rules(
    client: Client, namespace: str, network: int
) -> None:
    meant = await created(client, namespace, pod("web"))
    reply = await agent(client).answer(Request("ADD", namespace, "web", meant.metadata.uid), network)
    assert "nsenter" in reply


async def test_a_pod_that_the_api_server_does_not_show_yet_is_waited_for(
    client: Client, namespace: str, network: int
) -> None:
    asking = asyncio.create_task(agent(client).answer(Request("ADD", namespace, "late", ""), network))
    await created(client, namespace, pod("late", containers=[{"name": "app", "image": "app:1"}]))
    assert await asking == "ok"


async def test_a_pod_of_the_same_name_is_not_taken_for_the_one_that_starts(
    client: Client, namespace: str, network: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("isthmus.cni.node_agent._LOOKUP_SECONDS", 0.3)
    await created(client, namespace, pod("web", containers=[{"name": "app", "image": "app:1"}]))
    reply = await agent(client).answer(Request("ADD", namespace, "web", "another"), network)
    assert "showed no such pod" in reply


async def test_an_agent_that_is_not_admitted_lets_no_pod_pass(client: Client, namespace: str, network: int) -> None:
    access = msgspec.structs.replace(client.access, client_cert_pem=None, client_key_pem=None, token="x")
    async with Client(access, source=Fixed(Credential("x", None, None))) as stranger:
        reply = await agent(stranger).answer(Request("ADD", namespace, "web", ""), network)
        assert "401" in reply
        assert await is_removed(stranger, namespace), "its rights went with everything else"


async def test_an_agent_ends_for_good_when_its_daemon_set_is_gone_or_going(client: Client, namespace: str) -> None:
    assert await is_removed(client, namespace)
    labels = {"app": "x"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "c:1"}]}}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    body = {"metadata": {"name": DAEMON_SET, "finalizers": ["test.isthmus/hold"]}, "spec": spec}
    await client.create(kinds.DAEMON_SET, body, namespace=namespace)
    assert not await is_removed(client, namespace)
    await client.delete(kinds.DAEMON_SET, DAEMON_SET, namespace=namespace)
    assert await is_removed(client, namespace)
    await client.merge_patch(kinds.DAEMON_SET, DAEMON_SET, {"metadata": {"finalizers": None}}, namespace=namespace)


async def test_without_an_api_server_nothing_is_left_behind(client: Client, namespace: str) -> None:
    nowhere = msgspec.structs.replace(client.access, server="https://127.0.0.1:1")
    async with Client(nowhere) as lost:
        assert await is_removed(lost, namespace)


async def broken(client: Client, namespace: str) -> None:
    """A pod whose validation has ended with 126."""
    await created(client, namespace, pod("broken", initContainers=[{"name": "istio-validation", "image": "p:1"}]))
    ended = {"terminated": {"exitCode": 126}}
    status = {
        "name": "istio-validation",
        "image": "p:1",
        "imageID": "",
        "ready": False,
        "restartCount": 0,
        "state": ended,
    }
    patch = {"status": {"initContainerStatuses": [status]}}
    await client.merge_patch(kinds.POD, "broken", patch, namespace=namespace, writing=Writing(subresource="status"))


@pytest.mark.parametrize("mode", ["delete", "label"])
async def test_a_broken_pod_is_deleted_or_marked(client: Client, namespace: str, mode: Any) -> None:
    settings = replace(SETTINGS, repair=replace(SETTINGS.repair, mode=mode))
    capture = agent(client, settings).repair
    running = asyncio.create_task(Repair(client, settings, Metrics(), capture).run())
    await broken(client, namespace)
    for _ in range(400):
        if await repaired(client, namespace, mode):
            break
        await asyncio.sleep(0.05)
    else:
        pytest.fail(f"the pod is still as it was: no {mode}")
    running.cancel()


async def repaired(client: Client, namespace: str, mode: str) -> bool:
    try:
        found = await client.get(kinds.POD, "broken", namespace=namespace)
    except ApiError:
        return mode == "delete"
    metadata = found["metadata"]
    if mode == "delete":
        return "deletionTimestamp" in metadata
    return bool(metadata.get("labels", {}).get("cni.istio.io/uninitialized") == "true")
