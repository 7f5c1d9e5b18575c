"""`kube-inject` from ConfigMaps and from files gives the pods that the webhook gives, whatever they come from."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from mesh_cluster import MeshCluster
from running_plane import RunningPlane, running, settings_of

from isthmus.inject.patch import applied
from isthmus.install.merge_order import Request
from isthmus.install.plan import plan as planned
from isthmus.kube import kinds
from isthmus.kube.access import Access
from isthmus.kube.client import Writing
from isthmus.lab.apiserver import ApiServer
from isthmus.shipped import shipped

Json = dict[str, Any]

WEB = {
    "containers": [
        {
            "name": "web",
            "image": "web:1",
            "ports": [{"containerPort": 8080, "name": "http"}],
            "livenessProbe": {"httpGet": {"path": "/live", "port": "http"}},
            "readinessProbe": {"tcpSocket": {"port": 8080}},
        },
        {"name": "helper", "image": "helper:1"},
    ],
    "initContainers": [{"name": "prepare", "image": "prepare:1"}],
}


def template(annotations: dict[str, str] | None = None, **spec: Any) -> Json:
    meta: Json = {"labels": {"app": "web", "version": "v1"}}
    return {"metadata": meta | ({"annotations": annotations} if annotations else {}), "spec": {**WEB, **spec}}


def workload(kind: str, api_version: str, name: str, pod: Json) -> Json:
    inner = {"spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": pod}}}}
    spec = inner if kind == "CronJob" else {"spec": {"template": pod}}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **spec}


PLAIN = [
    workload("Deployment", "apps/v1", "web", template()),
    workload("StatefulSet", "apps/v1", "store", template()),
    workload("DaemonSet", "apps/v1", "agent", template()),
    workload("Job", "batch/v1", "once", template()),
    workload("CronJob", "batch/v1", "hourly", template()),
    {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "alone", "labels": {"app": "alone"}}, "spec": WEB},
]
SPECIAL = [
    workload(
        "Deployment", "apps/v1", "held", template({"proxy.istio.io/config": "holdApplicationUntilProxyStarts: true"})
    ),
    workload(
        "Deployment", "apps/v1", "scraped", template({"prometheus.io/scrape": "true", "prometheus.io/port": "8080"})
    ),
    workload(
        "Deployment",
        "apps/v1",
        "settled",
        template(
            {
                "sidecar.istio.io/proxyCPU": "50m",
                "traffic.sidecar.istio.io/excludeOutboundPorts": "3306",
                "sidecar.istio.io/nativeSidecar": "false",
            }
        ),
    ),
    workload(
        "Deployment",
        "apps/v1",
        "own",
        template(
            containers=[
                *WEB["containers"],
                {"name": "istio-proxy", "image": "auto", "env": [{"name": "A", "value": "b"}]},
            ]
        ),
    ),
    workload("Deployment", "apps/v1", "quiet", template({"sidecar.istio.io/rewriteAppHTTPProbers": "false"})),
]
LEFT_OUT = [
    workload("Deployment", "apps/v1", "host", template(hostNetwork=True)),
    workload("Deployment", "apps/v1", "refused", template({"sidecar.istio.io/inject": "false"})),
    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}},
]
ALL = [*PLAIN, *SPECIAL, *LEFT_OUT]


@pytest.fixture
def config_maps() -> dict[str, dict[str, str]]:
    """The data of the ConfigMaps that an installation with a network and a cluster name has."""
    settings = ("profile=minimal", "values.global.network=network1", "values.global.multiCluster.clusterName=cluster1")
    objects = planned(Request(shipped("charts"), (), (*settings, "revision=canary"))).objects
    return {each["metadata"]["name"]: each["data"] for each in objects if each["kind"] == "ConfigMap"}


@pytest.fixture
async def plane(
    access: Access, here: MeshCluster, config_maps: dict[str, dict[str, str]]
) -> AsyncIterator[RunningPlane]:
    for name, data in config_maps.items():
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": here.system}}
        await here.client.apply(kinds.CONFIG_MAP, {**body, "data": data})
    name = f"node-{here.app}"
    await here.client.apply(kinds.NODE, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
    patch = {"status": {"nodeInfo": {"kubeletVersion": "v1.34.4"}}}
    await here.client.merge_patch(kinds.NODE, name, patch, writing=Writing(subresource="status"))
    async with running(settings_of(here.system, revision="canary"), access) as plane:
        yield plane


async def by_webhook(plane: RunningPlane, namespace: str, pod: Json) -> Json:
    """A pod as the webhook makes it."""
    request = {"uid": "7", "namespace": namespace, "object": pod}
    review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"https://{plane.webhook}/inject", json=review, ssl=False) as answer,
    ):
        response = (await answer.json())["response"]
    assert response["allowed"], response
    return applied(pod, json.loads(base64.b64decode(response.get("patch") or "W10=")))


def as_created(document: Json, namespace: str) -> Json:
    """The pod of a workload as its controller asks the API server for it."""
    pod = pod_of(document)
    if document["kind"] == "Pod":
        return {**pod, "metadata": {**pod["metadata"], "namespace": namespace}}
    kind, name = document["kind"], document["metadata"]["name"]
    labels = dict(pod["metadata"]["labels"])
    if kind == "Deployment":
        kind, name, labels["pod-template-hash"] = "ReplicaSet", f"{name}-7d9f8c", "7d9f8c"
    elif kind == "CronJob":
        kind, name = "Job", f"{name}-29012345"
    owner = {"apiVersion": document["apiVersion"], "kind": kind, "name": name, "controller": True, "uid": "1"}
    meta = {**pod["metadata"], "labels": labels, "generateName": f"{name}-", "namespace": namespace}
    return {**pod, "metadata": {**meta, "ownerReferences": [owner]}}


def pod_of(document: Json) -> Json:
    if document["kind"] == "Pod":
        return {"metadata": document["metadata"], "spec": document["spec"]}
    spec = document["spec"]
    found: Json = (spec["jobTemplate"]["spec"] if document["kind"] == "CronJob" else spec)["template"]
    return found


def comparable(pod: Json) -> Json:
    """Without what the controller and the API server added to the pod."""
    meta = {key: value for key, value in pod["metadata"].items() if key in ("labels", "annotations")}
    meta["labels"] = {key: value for key, value in meta["labels"].items() if key != "pod-template-hash"}
    return {"metadata": meta, "spec": pod["spec"]}


async def kube_inject(text: str, *arguments: str) -> list[Json]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "isthmus.cli.main", "kube-inject", "-f", "-", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate(text.encode())
    assert process.returncode == 0
    return [document for document in yaml.safe_load_all(output) if document]


def in_namespace(documents: list[Json], namespace: str) -> list[Json]:
    return [{**each, "metadata": {**each["metadata"], "namespace": namespace}} for each in documents]


async def compare(plane: RunningPlane, here: MeshCluster, written: list[Json], documents: list[Json]) -> None:
    assert [each["metadata"]["name"] for each in written] == [each["metadata"]["name"] for each in documents]
    for before, after in zip(documents, written, strict=True):
        if before["kind"] == "Service":
            assert after == before
            continue
        wanted = await by_webhook(plane, here.app, as_created(before, here.app))
        assert comparable(pod_of(after)) == comparable(wanted), before["metadata"]["name"]


@pytest.fixture
def arguments(apiserver: ApiServer, here: MeshCluster, tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "kubeconfig").write_text(apiserver.kubeconfig)
    return ("--kubeconfig", str(tmp_path / "kubeconfig"), "-i", here.system, "-r", "canary")


async def test_from_config_maps(plane: RunningPlane, here: MeshCluster, arguments: tuple[str, ...]) -> None:
    documents = in_namespace(ALL, here.app)
    await compare(plane, here, await kube_inject(yaml.safe_dump_all(documents, sort_keys=False), *arguments), documents)


async def test_from_config_maps_that_are_named(
    plane: RunningPlane, here: MeshCluster, arguments: tuple[str, ...]
) -> None:
    names = ("--injectConfigMapName", "istio-sidecar-injector-canary", "--meshConfigMapName", "istio-canary")
    documents = in_namespace(PLAIN[:1], here.app)
    await compare(
        plane, here, await kube_inject(yaml.safe_dump_all(documents, sort_keys=False), *arguments, *names), documents
    )


async def test_a_list_is_injected_item_by_item(
    plane: RunningPlane, here: MeshCluster, arguments: tuple[str, ...]
) -> None:
    documents = in_namespace(ALL, here.app)
    (written,) = await kube_inject(
        yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": documents}, sort_keys=False), *arguments
    )
    assert written["kind"] == "List"
    await compare(plane, here, written["items"], documents)


async def test_from_files(
    plane: RunningPlane, here: MeshCluster, config_maps: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    injector = config_maps["istio-sidecar-injector-canary"]
    texts = {"inject": injector["config"], "values": injector["values"], "mesh": config_maps["istio-canary"]["mesh"]}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    files = ("--injectConfigFile", str(tmp_path / "inject"), "--valuesFile", str(tmp_path / "values"))
    # without a cluster nobody knows the nodes: the pods say themselves which kind of sidecar they get
    documents = in_namespace(
        [
            workload("Deployment", "apps/v1", name, template({"sidecar.istio.io/nativeSidecar": word}))
            for name, word in (("native", "true"), ("classic", "false"))
        ],
        here.app,
    )
    written = await kube_inject(
        yaml.safe_dump_all(documents, sort_keys=False), *files, "--meshConfigFile", str(tmp_path / "mesh")
    )
    await compare(plane, here, written, documents)
