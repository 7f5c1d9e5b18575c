"""A namespace whose pods are sent to the injection webhook, with the templates of the chart."""

from __future__ import annotations

import base64
import secrets
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from isthmus.api import mesh_config_layers
from isthmus.inject.configuration import parse_config, parse_values
from isthmus.inject.handlers import routes
from isthmus.inject.settings import InjectionSettings
from isthmus.install.merge_order import Request
from isthmus.install.plan import plan
from isthmus.kube import kinds
from isthmus.kube.access import load_kubeconfig
from isthmus.kube.client import Client, Writing
from isthmus.kube.errors import ApiError
from isthmus.lab.apiserver import ApiServer
from isthmus.lab.pki import Authority, Subject
from isthmus.shipped import shipped

ConfigMaps = dict[str, dict[str, str]]


@pytest.fixture(scope="session")
def config_maps() -> ConfigMaps:
    """The data of the control plane's ConfigMaps, as an installation without settings has them."""
    objects = plan(Request(charts=shipped("charts"), files=(), settings=(), revision="", istio_namespace="")).objects
    return {each["metadata"]["name"]: each["data"] for each in objects if each["kind"] == "ConfigMap"}


@pytest.fixture
def settings(config_maps: ConfigMaps) -> InjectionSettings:
    injector = config_maps["istio-sidecar-injector"]
    mesh, _ = mesh_config_layers.layer(config_maps["istio"]["mesh"])
    return InjectionSettings(
        config=parse_config(injector["config"]),
        values=parse_values(injector["values"]),
        mesh=mesh,
        revision="default",
    )


@pytest.fixture
async def client(apiserver: ApiServer) -> AsyncIterator[Client]:
    async with Client(load_kubeconfig(apiserver.kubeconfig)) as client:
        yield client


@dataclass(frozen=True)
class Injecting:
    """A namespace, and a client for its pods."""

    name: str
    client: Client

    async def pod(self, body: dict[str, Any], *, dry_run: bool = True) -> dict[str, Any]:
        """What the API server would store of a pod: validated, and defaulted.

        The test's server has no admission of service accounts, which sets the name otherwise.
        """
        spec = {"serviceAccountName": "default", **body["spec"]}
        meta = {"namespace": self.name, **body.get("metadata", {})}
        written = {"apiVersion": "v1", "kind": "Pod", **body, "metadata": meta, "spec": spec}
        return dict(await self.client.create(kinds.POD, written, writing=Writing(dry_run=dry_run)))


@pytest.fixture
async def injecting(client: Client, settings: InjectionSettings, tmp_path: Path) -> AsyncIterator[Injecting]:
    name = f"inject-{secrets.token_hex(4)}"
    await client.create(kinds.NAMESPACE, {"metadata": {"name": name}})
    authority = Authority.create("webhook")
    leaf = authority.issue(Subject("injector", names=("127.0.0.1",)))
    (tmp_path / "pem").write_bytes(leaf.certificate + leaf.key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "pem")
    app = web.Application()
    app.add_routes(routes(lambda variables: with_path(settings, variables), lambda outcome: None))
    app.on_response_prepare.append(close_afterwards)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    await client.apply(kinds.MUTATING_WEBHOOK, configuration(name, runner.addresses[0][1], authority.pair.certificate))
    namespace = Injecting(name, client)
    await until_asked(namespace)
    yield namespace
    await client.delete(kinds.MUTATING_WEBHOOK, name)
    await runner.cleanup()


def with_path(settings: InjectionSettings, variables: Any) -> InjectionSettings:
    return msgspec.structs.replace(settings, environment=variables)


async def close_afterwards(_: web.Request, response: web.StreamResponse) -> None:
    """The API server would keep its connection beyond the end of the test."""
    response.headers["Connection"] = "close"  # or the API server uses the closed connection once more
    response.force_close()


def configuration(namespace: str, port: int, authority: bytes) -> dict[str, Any]:
    hook = {
        "name": "namespace.sidecar-injector.istio.io",
        "clientConfig": {
            "url": f"https://127.0.0.1:{port}/inject/cluster/cluster1/net/network1",
            "caBundle": base64.b64encode(authority).decode(),
        },
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
    }
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration"}
    return {**kind, "metadata": {"name": namespace}, "webhooks": [hook]}


async def until_asked(namespace: Injecting) -> None:
    """A new configuration takes a moment to reach the API server's admission; a refused pod finds out."""
    probe = {"name": "probe", "annotations": {"inject.istio.io/templates": "nosuch"}}
    message = ""
    while not message:
        try:
            await namespace.pod({"metadata": probe, "spec": {"containers": [{"name": "web", "image": "web:1"}]}})
        except ApiError as error:
            message = error.message
    assert "no template 'nosuch'" in message
