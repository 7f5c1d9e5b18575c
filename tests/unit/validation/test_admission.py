"""The validation webhook: reviews in, answers out; and its HTTP side."""

import json
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from isthmus.validation.admission import ALWAYS_REJECT, MalformedReviewError, review
from isthmus.validation.handlers import routes

GATEWAY = {"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": {"name": "g"}}
SERVER = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}


def request(written: dict[str, Any] | None, **more: Any) -> bytes:
    asked = {"uid": "7", "operation": "CREATE", "object": written, **more}
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": asked}).encode()


def answer(body: bytes) -> dict[str, Any]:
    decoded = json.loads(review(body))
    assert decoded["response"]["uid"] == "7"
    return decoded["response"]


def gateway(**spec: Any) -> dict[str, Any]:
    return {**GATEWAY, "spec": {"selector": {"istio": "ingress"}, **spec}}


def test_a_sensible_object_is_allowed() -> None:
    assert answer(request(gateway(servers=[SERVER]))) == {"uid": "7", "allowed": True}


def test_a_refusal_names_every_field() -> None:
    found = answer(request(gateway(servers=[{**SERVER, "hosts": []}, SERVER])))
    assert not found["allowed"]
    assert "spec.servers[0].hosts: a server needs at least one host" in found["status"]["message"]
    assert "spec.servers[1].port.name: 'http' is also" in found["status"]["message"]


def test_warnings_reach_the_user_without_refusing() -> None:
    found = answer(request({**GATEWAY, "spec": {"servers": [SERVER]}}))
    assert found["allowed"]
    assert found["warnings"] == ["spec.selector: empty: every workload of the mesh would carry this gateway"]


def test_the_annotation_that_asks_for_refusal_is_obeyed_even_in_a_dry_run() -> None:
    written = gateway(servers=[SERVER])
    written["metadata"] = {"name": "g", "annotations": {ALWAYS_REJECT: "true"}}
    assert not answer(request(written, dryRun=True))["allowed"]
    assert not answer(request(written))["allowed"]


def test_deletions_and_other_operations_are_allowed() -> None:
    assert answer(request(None, operation="DELETE"))["allowed"]
    assert answer(request(gateway(), operation="CONNECT"))["allowed"]


def test_a_kind_that_nobody_serves_is_refused() -> None:
    found = answer(request({"apiVersion": "networking.istio.io/v1", "kind": "Gatewy"}))
    assert found["status"]["message"] == "networking.istio.io/v1/Gatewy is not a kind of this mesh"


def test_the_answer_has_the_version_that_was_asked_in() -> None:
    body = request(gateway(servers=[SERVER])).replace(b"admission.k8s.io/v1", b"admission.k8s.io/v1beta1")
    assert json.loads(review(body))["apiVersion"] == "admission.k8s.io/v1beta1"


@pytest.mark.parametrize("body", [b"{", b"{}", b"[]", b'{"request": {"uid": 5}}', b'{"request": {"uid": "\xff"}}'])
def test_what_is_no_review_is_an_error(body: bytes) -> None:
    with pytest.raises(MalformedReviewError):
        review(body)


async def test_over_http_only_json_is_taken() -> None:
    app = web.Application()
    app.add_routes(routes())
    async with TestClient(TestServer(app)) as client:
        json_type = {"Content-Type": "application/json"}
        accepted = await client.post("/validate", data=request(gateway(servers=[SERVER])), headers=json_type)
        assert accepted.status == 200
        assert (await accepted.json())["response"]["allowed"]
        assert (await client.post("/validate", data=b"{}", headers={"Content-Type": "text/plain"})).status == 415
        assert (await client.post("/validate", data=b"", headers=json_type)).status == 400
        assert (await client.post("/validate", data=b"nonsense", headers=json_type)).status == 400
