"""Admission reviews in, answers out, and the HTTP around them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from isthmus.inject.configuration import InjectorConfig
from isthmus.inject.errors import InjectionError
from isthmus.inject.handlers import routes
from isthmus.inject.settings import InjectionSettings
from isthmus.inject.webhook import MalformedReviewError, Outcome, review

TEMPLATE = "spec: {containers: [{name: istio-proxy, image: proxy}]}"
SETTINGS = InjectionSettings(config=InjectorConfig(templates={"sidecar": TEMPLATE}), values={})
POD = {"metadata": {"generateName": "web-"}, "spec": {"containers": [{"name": "web"}]}}


def asked(pod: Any = POD, version: str = "v1", namespace: str = "sample") -> bytes:
    request = {"uid": "7", "namespace": namespace, "object": pod}
    return json.dumps(
        {"apiVersion": f"admission.k8s.io/{version}", "kind": "AdmissionReview", "request": request}
    ).encode()


def answered(body: bytes, settings: InjectionSettings = SETTINGS) -> tuple[dict[str, Any], Outcome]:
    answer, outcome, _ = review(body, lambda: settings)
    return json.loads(answer), outcome


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_an_injected_pod_is_answered_with_a_patch(version):
    answer, outcome = answered(asked(version=version))
    assert (answer["apiVersion"], answer["kind"]) == (f"admission.k8s.io/{version}", "AdmissionReview")
    assert answer["response"]["uid"] == "7"
    assert answer["response"]["allowed"]
    assert answer["response"]["patchType"] == "JSONPatch"
    patch = json.loads(base64.b64decode(answer["response"]["patch"]))
    assert {"op": "add", "path": "/spec/containers/-", "value": {"name": "istio-proxy", "image": "proxy"}} in patch
    assert not any(operation["path"].startswith("/metadata/namespace") for operation in patch)
    assert outcome is Outcome.INJECTED


def test_a_pod_that_is_not_injected_is_allowed_as_it_is():
    answer, outcome = answered(asked({**POD, "metadata": {"labels": {"sidecar.istio.io/inject": "false"}}}))
    assert answer["response"] == {"uid": "7", "allowed": True}
    assert outcome is Outcome.SKIPPED


def test_a_pod_that_cannot_be_injected_is_refused_with_the_reason():
    wrong = {**POD, "metadata": {"annotations": {"inject.istio.io/templates": "nosuch"}}}
    answer, outcome = answered(asked(wrong))
    assert not answer["response"]["allowed"]
    assert "no template 'nosuch'" in answer["response"]["status"]["message"]
    assert outcome is Outcome.FAILED


def test_without_configuration_pods_are_refused_rather_than_left_out_of_the_mesh():
    def missing() -> InjectionSettings:
        raise InjectionError("ConfigMap istio-sidecar-injector does not exist")

    answer, outcome, reason = review(asked(), missing)
    assert not json.loads(answer)["response"]["allowed"]
    assert outcome is Outcome.FAILED
    assert reason == "ConfigMap istio-sidecar-injector does not exist"


@pytest.mark.parametrize("body", [b"{}", b"nonsense", b'{"request": {"uid": "7"}}', b"\xff"])
def test_what_is_no_review_of_a_pod_is_malformed(body):
    with pytest.raises(MalformedReviewError):
        review(body, lambda: SETTINGS)


async def test_the_http_side_checks_type_and_body_and_reads_the_path():
    outcomes: list[Outcome] = []
    seen: list[Any] = []

    def settings_for(variables):
        seen.append(dict(variables))
        return SETTINGS

    app = web.Application()
    app.add_routes(routes(settings_for, outcomes.append))
    headers = {"Content-Type": "application/json"}
    async with TestClient(TestServer(app)) as client:
        assert (await client.post("/inject", data=b"{}", headers={"Content-Type": "text/plain"})).status == 415
        assert (await client.post("/inject", data=b"", headers=headers)).status == 400
        assert (await client.post("/inject", data=b"[]", headers=headers)).status == 400
        answer = await client.post("/inject/cluster/c2/net/n1", data=asked(), headers=headers)
        assert (await answer.json())["response"]["allowed"]
    assert outcomes == [Outcome.INJECTED]
    assert seen == [{"ISTIO_META_CLUSTER_ID": "c2", "ISTIO_META_NETWORK": "n1"}]
