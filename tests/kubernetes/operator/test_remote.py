"""Control planes in other clusters: ready when they answer the way that the API server asks them."""

import base64
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from operator_cluster import Loopback, create, has, message, until

from isthmus.kube import kinds
from isthmus.kube.client import Client
from isthmus.lab.pki import Authority, Subject
from isthmus.operator.injector import Address
from isthmus.operator.kinds import ISTIO
from isthmus.operator.probe import ask

HOST = "istiod.istio-system.svc"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create("mesh")


@pytest.fixture
async def port(authority: Authority, tmp_path: Path) -> AsyncIterator[int]:
    """The port of a control plane that is ready."""
    pair = authority.issue(Subject("istiod", names=(HOST,)))
    (tmp_path / "cert.pem").write_bytes(pair.certificate)
    (tmp_path / "key.pem").write_bytes(pair.key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")

    async def ready(request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_get("/ready", ready)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    yield site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    await runner.cleanup()


async def test_a_control_plane_that_its_authority_vouches_for_is_ready(authority: Authority, port: int) -> None:
    assert await ask(Address(HOST, port, authority.pair.certificate.decode()), 5, Loopback()) == ""


async def test_a_control_plane_of_a_foreign_authority_is_not_ready(port: int) -> None:
    problem = await ask(Address(HOST, port, Authority.create("other").pair.certificate.decode()), 5, Loopback())
    assert "certificate verify failed" in problem


async def test_a_control_plane_that_does_not_listen_is_not_ready(authority: Authority) -> None:
    problem = await ask(Address(HOST, 1, authority.pair.certificate.decode()), 5, Loopback())
    assert "https://istiod.istio-system.svc:1/ready cannot be asked" in problem


@pytest.mark.usefixtures("operator")
async def test_a_remote_istio_waits_for_the_control_plane_elsewhere_to_write_its_bundle(
    client: Client, namespace: str
) -> None:
    values = {"global": {"remotePilotAddress": "192.0.2.7"}}
    await create(client, ISTIO, "default", {"namespace": namespace, "profile": "remote", "values": values})
    found = await until(
        client,
        ISTIO,
        "default",
        lambda found: has("Ready", "False", "RemoteIstiodNotReady")(found) and "caBundle" in message(found, "Ready"),
    )
    assert "remote secret for this cluster" in message(found, "Ready")
    assert await client.find(kinds.DEPLOYMENT, "istiod", namespace=namespace) is None
    slices = await client.get(kinds.ENDPOINT_SLICE, "istiod", namespace=namespace)
    assert slices["endpoints"][0]["addresses"] == ["192.0.2.7"]


@pytest.mark.usefixtures("operator")
async def test_a_remote_istio_is_ready_when_the_control_plane_elsewhere_is(
    client: Client, namespace: str, authority: Authority, port: int
) -> None:
    values = {"istiodRemote": {"injectionURL": f"https://{HOST}:{port}/inject/cluster/c2/net/n2"}}
    await create(client, ISTIO, "default", {"namespace": namespace, "profile": "external", "values": values})
    await until(
        client, ISTIO, "default", lambda found: bool(found.get("status")) and "verify failed" in message(found, "Ready")
    )
    name = f"istio-sidecar-injector-{namespace}"
    bundle = base64.b64encode(authority.pair.certificate).decode()
    patch = [{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": bundle}]
    await client.json_patch(kinds.MUTATING_WEBHOOK, name, patch)
    await until(client, ISTIO, "default", has("Ready", "True", "Healthy"))
    webhook = await client.get(kinds.MUTATING_WEBHOOK, name)
    assert webhook["metadata"]["annotations"]["sailoperator.io/readinessProbe.status"] == "true"
