"""The API server sends pods to the webhook and accepts what comes back."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from isthmus.api.yaml_text import documents
from isthmus.kube import kinds
from isthmus.kube.errors import ApiError
from isthmus.lab.apiserver import ApiServer

WEB = {"containers": [{"name": "web", "image": "web:1", "readinessProbe": {"httpGet": {"path": "/", "port": 80}}}]}
NATIVE = {"sidecar.istio.io/nativeSidecar": "true"}
CLASSIC = {"sidecar.istio.io/nativeSidecar": "false"}


def proxy_of(pod: dict[str, Any]) -> dict[str, Any]:
    everything = [*pod["spec"]["containers"], *pod["spec"].get("initContainers", ())]
    return next(container for container in everything if container["name"] == "istio-proxy")


@pytest.mark.parametrize(("annotations", "place"), [(NATIVE, "initContainers"), (CLASSIC, "containers")])
async def test_the_api_server_accepts_an_injected_pod_of_either_kind(injecting, annotations, place):
    pod = await injecting.pod({"metadata": {"name": "web", "annotations": annotations}, "spec": WEB})
    assert "istio-proxy" in [container["name"] for container in pod["spec"][place]]
    env = {entry["name"]: entry.get("value", "") for entry in proxy_of(pod)["env"]}
    assert (env["ISTIO_META_CLUSTER_ID"], env["ISTIO_META_NETWORK"]) == ("cluster1", "network1")
    assert pod["metadata"]["labels"]["topology.istio.io/network"] == "network1"
    assert json.loads(env["ISTIO_KUBE_APP_PROBERS"])["/app-health/web/readyz"]["httpGet"]["port"] == 80


async def test_the_api_server_accepts_a_gateway(injecting):
    own = {"name": "istio-proxy", "image": "auto", "ports": [{"containerPort": 15443}], "env": [{"name": "A"}]}
    meta = {"name": "gateway", "annotations": {"inject.istio.io/templates": "gateway"}}
    pod = await injecting.pod({"metadata": meta, "spec": {"containers": [own]}})
    assert proxy_of(pod)["args"][:2] == ["proxy", "router"]
    assert {port["containerPort"] for port in proxy_of(pod)["ports"]} == {15090, 15443}


async def test_options_that_need_more_rights_are_accepted_too(injecting):
    annotations = {
        **CLASSIC,
        "sidecar.istio.io/interceptionMode": "TPROXY",
        "sidecar.istio.io/capNetBindService": "true",
        "sidecar.istio.io/proxyCPU": "50m",
        "sidecar.istio.io/proxyMemoryLimit": "200Mi",
        "sidecar.istio.io/userVolume": '{"extra": {"emptyDir": {}}}',
        "sidecar.istio.io/userVolumeMount": '{"extra": {"mountPath": "/extra"}}',
        "traffic.sidecar.istio.io/excludeOutboundPorts": "3306",
    }
    pod = await injecting.pod({"metadata": {"name": "web", "annotations": annotations}, "spec": WEB})
    proxy = proxy_of(pod)
    assert set(proxy["securityContext"]["capabilities"]["add"]) == {"NET_ADMIN", "NET_BIND_SERVICE"}
    assert {"name": "extra", "mountPath": "/extra"} in proxy["volumeMounts"]
    init = next(each for each in pod["spec"]["initContainers"] if each["name"] == "istio-init")
    assert init["args"][init["args"].index("-o") + 1] == "3306"


async def test_a_pod_that_cannot_be_injected_is_refused_where_the_user_looks(injecting):
    annotations = {"proxy.istio.io/config": "concurrency: many"}
    with pytest.raises(ApiError) as refusal:
        await injecting.pod({"metadata": {"name": "web", "annotations": annotations}, "spec": WEB})
    assert "annotation proxy.istio.io/config: Expected `int | null`, got `str`" in refusal.value.message


async def test_kube_inject_writes_what_the_webhook_makes(injecting, config_maps, apiserver: ApiServer, tmp_path: Path):
    for name in ("istio", "istio-sidecar-injector"):
        meta = {"name": name, "namespace": injecting.name}
        await injecting.client.apply(
            kinds.CONFIG_MAP, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": config_maps[name]}
        )
    (tmp_path / "kubeconfig").write_text(apiserver.kubeconfig)
    labels = {"topology.istio.io/network": "network1"}
    body = {"metadata": {"name": "web", "namespace": injecting.name, "labels": labels}, "spec": WEB}
    (tmp_path / "pod.json").write_text(json.dumps({"apiVersion": "v1", "kind": "Pod", **body}))
    command = (sys.executable, "-m", "isthmus.cli.main", "kube-inject", "-f", str(tmp_path / "pod.json"))
    options = ("--kubeconfig", str(tmp_path / "kubeconfig"), "-i", injecting.name)
    process = await asyncio.create_subprocess_exec(*command, *options, stdout=asyncio.subprocess.PIPE)
    written, _ = await process.communicate()
    by_command = documents(written.decode())[0]
    by_webhook = await injecting.pod(body)
    sent_again = await injecting.pod(by_command)
    assert comparable(sent_again) == comparable(by_webhook)


@pytest.mark.parametrize("named", [True, False], ids=["by its name", "without templates in the cluster"])
async def test_kube_inject_asks_the_webhook(injecting, apiserver: ApiServer, tmp_path: Path, named: bool):
    (tmp_path / "kubeconfig").write_text(apiserver.kubeconfig)
    meta = {"name": "web", "namespace": injecting.name}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": WEB}
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": {"template": template}}
    (tmp_path / "deployment.json").write_text(json.dumps(body))
    command = (sys.executable, "-m", "isthmus.cli.main", "kube-inject", "-f", str(tmp_path / "deployment.json"))
    options = ["--kubeconfig", str(tmp_path / "kubeconfig"), "-i", injecting.name]
    if named:
        options += ["--webhookConfig", injecting.name]
    else:
        live = await injecting.client.get(kinds.MUTATING_WEBHOOK, injecting.name)
        copy = {**live, "metadata": {"name": f"istio-sidecar-injector-{injecting.name}"}}
        await injecting.client.create(kinds.MUTATING_WEBHOOK, copy)
        options += ["--revision", injecting.name]
    process = await asyncio.create_subprocess_exec(*command, *options, stdout=asyncio.subprocess.PIPE)
    written, _ = await process.communicate()
    pod = documents(written.decode())[0]["spec"]["template"]
    env = {entry["name"]: entry.get("value", "") for entry in proxy_of(pod)["env"]}
    assert env["ISTIO_META_OWNER"].endswith(f"namespaces/{injecting.name}/deployments/web")
    assert env["ISTIO_META_CLUSTER_ID"] == "cluster1"
    assert pod["metadata"]["labels"]["app"] == "web"
    assert "sidecar.istio.io/inject" not in pod["metadata"]["labels"]
    assert "ownerReferences" not in pod["metadata"]
    if not named:
        await injecting.client.delete(kinds.MUTATING_WEBHOOK, f"istio-sidecar-injector-{injecting.name}")


def comparable(pod: dict[str, Any]) -> dict[str, Any]:
    """The pod without what each request has anew, and its probes without defaults of the API server."""
    meta = {key: pod["metadata"][key] for key in ("name", "labels", "annotations")}
    proxy = proxy_of(pod)
    env = {entry["name"]: entry for entry in proxy["env"]}
    record = json.loads(env.pop("ISTIO_KUBE_APP_PROBERS")["value"])
    probers = {path: {**each["httpGet"], "scheme": "HTTP"} for path, each in record.items()}
    proxy["env"] = [probers, *env.values()]
    return {"metadata": meta, "spec": pod["spec"]}
