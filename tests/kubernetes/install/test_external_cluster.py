"""The configuration cluster of an external control plane, as its guide makes and removes it, on a real API server."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from isthmus.gotemplate import yaml_text
from isthmus.kube import kinds
from isthmus.kube.client import Client
from isthmus.kube.errors import KubeError
from isthmus.kube.wait import wait_ready
from isthmus.lab.binaries import ensure

URL = "https://external.example.com:15017"
OPERATOR = f"""
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata:
  namespace: external-istiod
spec:
  profile: remote
  values:
    global:
      istioNamespace: external-istiod
      configCluster: true
    pilot:
      configMap: true
    istiodRemote:
      injectionURL: {URL}/inject/cluster/cluster2/net/network1
    base:
      validationURL: {URL}/validate
"""


@pytest.fixture(scope="module")
def kubectl() -> Path:
    return ensure(["kubectl"])["kubectl"]


@pytest.fixture
def generated(tmp_path: Path) -> str:
    """The guide's text: `manifest generate -f remote-config-cluster.yaml --set values.defaultRevision=default`."""
    (tmp_path / "remote-config-cluster.yaml").write_text(OPERATOR)
    command = [sys.executable, "-m", "isthmus.cli.main", "manifest", "generate", "-f", "remote-config-cluster.yaml"]
    command += ["--set", "values.defaultRevision=default"]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout


def objects(text: str) -> list[dict[str, Any]]:
    return [found for found in yaml_text.load_all(text) if found]


def test_it_has_what_a_cluster_needs_whose_control_plane_is_elsewhere(generated: str) -> None:
    namespace = "external-istiod"
    named = {
        (each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"])
        for each in objects(generated)
        if each["kind"] != "CustomResourceDefinition"
    }
    assert named == {
        ("ServiceAccount", namespace, "istio-reader-service-account"),
        ("ServiceAccount", namespace, "istiod"),
        ("ConfigMap", namespace, "istio"),
        ("ConfigMap", namespace, "values"),
        ("ClusterRole", "", f"istio-reader-clusterrole-{namespace}"),
        ("ClusterRoleBinding", "", f"istio-reader-clusterrole-{namespace}"),
        ("ClusterRole", "", f"istiod-clusterrole-{namespace}"),
        ("ClusterRoleBinding", "", f"istiod-clusterrole-{namespace}"),
        ("ClusterRole", "", f"istiod-gateway-controller-{namespace}"),
        ("ClusterRoleBinding", "", f"istiod-gateway-controller-{namespace}"),
        ("Role", namespace, "istiod"),
        ("RoleBinding", namespace, "istiod"),
        ("MutatingWebhookConfiguration", "", f"istio-sidecar-injector-{namespace}"),
        ("ValidatingWebhookConfiguration", "", f"istio-validator-{namespace}"),
        ("ValidatingWebhookConfiguration", "", "istiod-default-validator"),
    }


def test_the_control_plane_elsewhere_may_write_what_it_has_to(generated: str) -> None:
    role = next(each for each in objects(generated) if each["metadata"]["name"].startswith("istio-reader-clusterrole"))
    granted = {(resource, verb) for rule in role["rules"] for resource in rule["resources"] for verb in rule["verbs"]}
    needed = {("configmaps", "create"), ("configmaps", "update"), ("mutatingwebhookconfigurations", "patch")}
    assert needed | {("validatingwebhookconfigurations", "update")} <= granted


async def test_it_is_applied_and_deleted_with_the_same_text(
    client: Client, kubeconfig: Path, kubectl: Path, generated: str
) -> None:
    def run(*arguments: str, text: str = "") -> str:
        command = [kubectl, "--kubeconfig", str(kubeconfig), *arguments]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout

    run("create", "namespace", "external-istiod")
    applied = run("apply", "-f", "-", text=generated)
    assert len(applied.splitlines()) == len(objects(generated))
    mutating = run("get", "mutatingwebhookconfiguration", "istio-sidecar-injector-external-istiod", "--no-headers")
    assert mutating.split()[:2] == ["istio-sidecar-injector-external-istiod", "4"]
    validating = run("get", "validatingwebhookconfiguration", "--no-headers").splitlines()
    assert [line.split()[:2] for line in validating] == [
        ["istio-validator-external-istiod", "1"],
        ["istiod-default-validator", "1"],
    ]
    found = await client.get(kinds.MUTATING_WEBHOOK, "istio-sidecar-injector-external-istiod")
    assert {each["clientConfig"]["url"] for each in found["webhooks"]} == {
        f"{URL}/inject/cluster/cluster2/net/network1"
    }
    for each in objects(generated):
        if each["kind"] == kinds.CUSTOM_RESOURCE_DEFINITION.kind:
            await served(client, each)
    deleted = run("delete", "-f", "-", text=generated)
    assert deleted.count(" deleted") == len(objects(generated))
    left = run("get", "all,cm,sa,role,rolebinding", "-n", "external-istiod", "-l", "release=istio", "-o", "name")
    assert left == ""
    left = run(
        "get", "crd,clusterrole,clusterrolebinding,validatingwebhookconfiguration", "-l", "release=istio", "-o", "name"
    )
    assert left == ""


async def served(client: Client, definition: dict[str, Any]) -> None:
    """Returns when the objects of a definition can be listed.

    Kubernetes gives up on a definition that is deleted before that, and looks at it again after minutes
    (apiextensions-apiserver, crd_finalizer: "storage is (re)initializing").
    """
    await wait_ready(client, kinds.CUSTOM_RESOURCE_DEFINITION, definition["metadata"]["name"], seconds=60)
    spec = definition["spec"]
    names = spec["names"]
    async with asyncio.timeout(60):
        for version in (each["name"] for each in spec["versions"] if each["served"]):
            while True:
                try:
                    await client.list(kinds.Kind(spec["group"], version, names["plural"], names["kind"]))
                    break
                except KubeError:
                    await asyncio.sleep(0.05)
