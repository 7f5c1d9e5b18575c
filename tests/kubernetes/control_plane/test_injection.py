"""Pods on the webhook port: templates from the ConfigMap, settings of the mesh, versions of the nodes."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from log_lines import LogLines
from mesh_cluster import MeshCluster
from running_plane import RunningPlane, running, settings_of

from isthmus.kube import kinds
from isthmus.kube.access import Access
from isthmus.kube.client import Writing

CONFIG = """
templates:
  sidecar: |
    spec:
      {{ if .NativeSidecars }}initContainers{{ else }}containers{{ end }}:
      - name: istio-proxy
        image: "{{ .Values.global.hub }}/proxyv2:{{ .MeshConfig.TrustDomain }}"
"""


@pytest.fixture
async def plane(access: Access, here: MeshCluster) -> AsyncIterator[RunningPlane]:
    async with running(settings_of(here.system, revision="canary"), access) as plane:
        yield plane


async def templates(here: MeshCluster, config: str, hub: str) -> None:
    data = {"config": config, "values": json.dumps({"global": {"hub": hub}})}
    await config_map(here, "istio-sidecar-injector-canary", data)


async def config_map(here: MeshCluster, name: str, data: dict[str, str]) -> None:
    metadata = {"name": name, "namespace": here.system}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
    await here.client.apply(kinds.CONFIG_MAP, body)


async def node_of_version(here: MeshCluster, version: str) -> None:
    name = f"node-{here.app}"
    await here.client.apply(kinds.NODE, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
    patch = {"status": {"nodeInfo": {"kubeletVersion": version}}}
    await here.client.merge_patch(kinds.NODE, name, patch, writing=Writing(subresource="status"))


async def ask(plane: RunningPlane, here: MeshCluster, path: str = "inject") -> dict[str, Any]:
    """What the webhook answers about a plain pod."""
    pod = {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "web"}], "nodeName": f"node-{here.app}"}}
    review = {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {"uid": "7", "namespace": here.app, "object": pod},
    }
    url = f"https://{plane.webhook}/{path}"
    async with aiohttp.ClientSession() as session, session.post(url, json=review, ssl=False) as answer:
        response: dict[str, Any] = (await answer.json())["response"]
        return response


async def images(plane: RunningPlane, here: MeshCluster) -> list[tuple[str, str]]:
    """Where the proxy was put, and its image."""
    answer = await ask(plane, here)
    if "patch" not in answer:
        return []
    patch = json.loads(base64.b64decode(answer["patch"]))
    added = [(operation["path"], operation.get("value")) for operation in patch]
    found = []
    for path, value in added:
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict) and one.get("name") == "istio-proxy":
                found.append((path.split("/")[2], one["image"]))
    return found


async def until_images(plane: RunningPlane, here: MeshCluster, *expected: tuple[str, str]) -> None:
    """Asks until the answer is the expected one: watches need a moment."""
    found: list[tuple[str, str]] = []
    for _ in range(500):
        found = await images(plane, here)
        if found == list(expected):
            return
    raise AssertionError(f"{found} instead of {expected}")


async def test_pods_are_injected_with_the_newest_templates_that_can_be_used(
    plane: RunningPlane, here: MeshCluster, logs: LogLines
) -> None:
    refusal = await ask(plane, here)
    assert refusal["allowed"] is False
    name = f"ConfigMap {here.system}/istio-sidecar-injector-canary"
    assert f"{name} does not exist" in refusal["status"]["message"]

    await node_of_version(here, "v1.30.1")
    await templates(here, CONFIG, "registry.example")
    await until_images(plane, here, ("containers", "registry.example/proxyv2:cluster.local"))
    await config_map(here, "istio-canary", {"mesh": "trustDomain: mesh.example"})
    await until_images(plane, here, ("containers", "registry.example/proxyv2:mesh.example"))

    await templates(here, "templates: [", "wrong.example")
    await logs.until("injection templates not taken", name, "key config")
    assert await images(plane, here) == [("containers", "registry.example/proxyv2:mesh.example")]
    await templates(here, CONFIG, "other.example")
    await until_images(plane, here, ("containers", "other.example/proxyv2:mesh.example"))
    assert list(await plane.page("inject")) == ["sidecar"]
    count = plane.plane.registry.get_sample_value
    assert count("sidecar_injection_failure_total") >= 1
    assert count("sidecar_injection_requests_total") == count("sidecar_injection_success_total") + count(
        "sidecar_injection_failure_total"
    )


async def test_proxies_are_native_sidecars_where_the_nodes_can_do_it(plane: RunningPlane, here: MeshCluster) -> None:
    await templates(here, CONFIG, "registry.example")
    image = "registry.example/proxyv2:cluster.local"
    await node_of_version(here, "v1.34.4")
    await until_images(plane, here, ("initContainers", image))
    await node_of_version(here, "v1.32.9")
    await until_images(plane, here, ("containers", image))


async def test_mounted_files_stand_in_for_the_config_map(
    access: Access, here: MeshCluster, tmp_path: Path, logs: LogLines
) -> None:
    await templates(here, CONFIG, "from.the.config.map")
    await node_of_version(here, "v1.30.1")
    (tmp_path / "config").write_text(CONFIG)
    (tmp_path / "values").write_text("global: {hub: from.files}")
    (tmp_path / "mesh").write_text("trustDomain: files.example")
    settings = settings_of(here.system, revision="canary", injection_directory=tmp_path, mesh_config=tmp_path / "mesh")
    async with running(settings, access) as plane:
        assert await images(plane, here) == [("containers", "from.files/proxyv2:files.example")]
        (tmp_path / "mesh").write_text("trustDomain: files.example\nno-such-field: 1")
        await logs.until("mesh configuration", "no-such-field")
        (tmp_path / "mesh").write_text("trustDomain: changed.example")
        (tmp_path / "values").write_text("global: {hub: changed.files}")
        await until_images(plane, here, ("containers", "changed.files/proxyv2:changed.example"))
