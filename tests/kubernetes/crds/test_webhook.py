"""The API server asks the validation webhook, and users see what it says."""

import base64
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from isthmus.kube import kinds
from isthmus.kube.client import Client, Writing
from isthmus.kube.errors import ApiError
from isthmus.lab.pki import Authority, Subject
from isthmus.validation.admission import ALWAYS_REJECT
from isthmus.validation.handlers import routes

SERVER = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}


@pytest.fixture
async def webhook(client: Client, namespace: str, tmp_path: Path) -> AsyncIterator[None]:
    """The webhook's handler behind TLS, asked for objects of the test's own namespace only."""
    authority = Authority.create("webhook")
    leaf = authority.issue(Subject("webhook", names=("127.0.0.1",)))
    (tmp_path / "crt").write_bytes(leaf.certificate)
    (tmp_path / "key").write_bytes(leaf.key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "crt", tmp_path / "key")
    app = web.Application()
    app.add_routes(routes())
    app.on_response_prepare.append(close_afterwards)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    port = runner.addresses[0][1]
    await client.apply(kinds.VALIDATING_WEBHOOK, configuration(namespace, port, authority.pair.certificate))
    yield
    await client.delete(kinds.VALIDATING_WEBHOOK, namespace)
    await runner.cleanup()


async def close_afterwards(_: web.Request, response: web.StreamResponse) -> None:
    """The API server would keep its connection beyond the end of the test."""
    response.headers["Connection"] = "close"  # or the API server uses the closed connection once more
    response.force_close()


def configuration(namespace: str, port: int, authority: bytes) -> dict[str, Any]:
    rule = {"apiGroups": ["networking.istio.io"], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"]}
    url = f"https://127.0.0.1:{port}/validate"
    hook = {
        "name": "validation.istio.io",
        "clientConfig": {"url": url, "caBundle": base64.b64encode(authority).decode()},
        "rules": [{**rule, "resources": ["*"]}],
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1", "v1beta1"],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
    }
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration"}
    return {**kind, "metadata": {"name": namespace}, "webhooks": [hook]}


def gateway(namespace: str, name: str, servers: list[Any], **annotations: str) -> dict[str, Any]:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": name, "namespace": namespace, "annotations": annotations},
        "spec": {"selector": {"istio": "ingress"}, "servers": servers},
    }


async def until_asked(client: Client, namespace: str) -> None:
    """A new configuration takes a moment to reach the API server's admission; a dry run finds out."""
    probe = gateway(namespace, "probe", [SERVER], **{ALWAYS_REJECT: "true"})
    message = ""
    while not message:
        try:
            await client.create(kinds.GATEWAY, probe, writing=Writing(dry_run=True))
        except ApiError as error:
            message = error.message
    assert "denied the request" in message


@pytest.mark.usefixtures("webhook")
async def test_the_api_server_refuses_what_the_webhook_refuses(client: Client, namespace: str) -> None:
    await until_asked(client, namespace)
    with pytest.raises(ApiError) as refusal:
        await client.create(kinds.GATEWAY, gateway(namespace, "bad", [SERVER, SERVER]))
    assert 'admission webhook "validation.istio.io" denied the request' in refusal.value.message
    assert "spec.servers[1].port.name: 'http' is also the name of servers[0].port" in refusal.value.message

    stored = await client.create(kinds.GATEWAY, gateway(namespace, "good", [SERVER]))
    with pytest.raises(ApiError, match="a gateway needs at least one server"):
        await client.replace(kinds.GATEWAY, {**stored, "spec": {**stored["spec"], "servers": []}})
    await client.delete(kinds.GATEWAY, "good", namespace=namespace)


@pytest.mark.usefixtures("webhook")
async def test_every_version_of_a_kind_is_validated(client: Client, namespace: str) -> None:
    await until_asked(client, namespace)
    for version in ("v1alpha3", "v1beta1", "v1"):
        kind = await client.kind_of(f"networking.istio.io/{version}", "Gateway")
        written = {**gateway(namespace, "bad", []), "apiVersion": kind.api_version}
        with pytest.raises(ApiError, match="a gateway needs at least one server"):
            await client.create(kind, written)
