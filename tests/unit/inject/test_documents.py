"""Injection into written objects."""

from __future__ import annotations

import pytest

from isthmus.inject.configuration import InjectorConfig
from isthmus.inject.documents import injected_document
from isthmus.inject.errors import InjectionError
from isthmus.inject.pod import inject
from isthmus.inject.settings import InjectionSettings

TEMPLATE = """
metadata: {annotations: {owner: "{{ .DeploymentMeta.Name }} {{ .TypeMeta.Kind }} {{ .TypeMeta.APIVersion }}"}}
spec: {containers: [{name: istio-proxy}]}
"""
SETTINGS = InjectionSettings(config=InjectorConfig(templates={"sidecar": TEMPLATE}), values={})


def engine(pod, owner):
    return inject(pod, SETTINGS, owner).pod


POD = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web"}]}}


def document(kind: str, pod: dict, **extra: object) -> dict:
    spec = {"jobTemplate": {"spec": {"template": pod}}} if kind == "CronJob" else {"template": pod}
    meta = {"name": "web", "namespace": "sample"}
    if kind == "Pod":
        return {"apiVersion": "v1", "kind": kind, **pod, "metadata": {**meta, **pod.get("metadata", {})}}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": meta, "spec": spec}


def pod_of(found: dict) -> dict:
    if found["kind"] == "Pod":
        return found
    return found["spec"]["jobTemplate"]["spec"]["template"] if found["kind"] == "CronJob" else found["spec"]["template"]


@pytest.mark.parametrize("kind", ["Pod", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicaSet"])
def test_every_kind_with_pods_is_injected_under_its_own_name(kind):
    found = injected_document(document(kind, POD), engine, pytest.fail)
    pod = pod_of(found)
    assert [container["name"] for container in pod["spec"]["containers"]] == ["web", "istio-proxy"]
    assert pod["metadata"]["annotations"]["owner"].split()[:2] == ["web", kind]


def test_lists_are_injected_item_by_item_and_other_kinds_stay():
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
    found = injected_document({"kind": "List", "items": [service, document("Pod", POD)]}, engine, pytest.fail)
    assert found["items"][0] == service
    assert len(found["items"][1]["spec"]["containers"]) == 2


@pytest.mark.parametrize(
    ("pod", "reason"),
    [
        ({**POD, "spec": {"hostNetwork": True, "containers": []}}, "use the network of their node"),
        ({**POD, "metadata": {"labels": {"sidecar.istio.io/inject": "false"}}}, "sidecar.istio.io/inject says false"),
    ],
)
def test_pods_that_are_left_out_are_named_with_the_reason(pod, reason):
    notes: list[str] = []
    given = document("Deployment", pod)
    assert injected_document(given, engine, notes.append) == given
    assert len(notes) == 1
    assert notes[0].startswith("Deployment sample/web is left as it is")
    assert reason in notes[0]


def test_a_mistake_names_its_object():
    pod = {**POD, "metadata": {"annotations": {"inject.istio.io/templates": "x"}}}
    with pytest.raises(InjectionError, match=r"^Deployment sample/web: annotation inject\.istio\.io/templates"):
        injected_document(document("Deployment", pod), engine, pytest.fail)
