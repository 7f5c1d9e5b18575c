"""What the control plane writes into its cluster: roots in every namespace, and the CA bundle of its webhooks."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from log_lines import LogLines
from mesh_cluster import MeshCluster
from one_object import OneObject
from plugged_in_ca import Root
from running_plane import RunningPlane, running, settings_of

from isthmus.control_plane.settings import Settings
from isthmus.kube import kinds
from isthmus.kube.access import Access
from isthmus.kube.errors import ApiError
from isthmus.kube.kinds import Kind

ROOTS = "istio-ca-root-cert"


@pytest.fixture
def root(tmp_path: Path) -> Root:
    result = Root()
    result.write_intermediate("first", tmp_path / "cacerts")
    return result


@pytest.fixture
def settings(here: MeshCluster, root: Root, tmp_path: Path) -> Settings:
    """Of a revision that nobody else has; the API server reaches the webhook at the loopback address."""
    revision = here.system.removeprefix("system-")
    return settings_of(
        here.system,
        ca_directory=tmp_path / "cacerts",
        revision=revision,
        custom_hosts=("127.0.0.1",),
        injection_webhook="istio-sidecar-injector",
        validation_webhook="istiod-default-validator",
    )


async def test_roots_are_in_every_namespace_and_come_back(access: Access, here: MeshCluster, settings, root) -> None:
    text = root.pem.decode()
    async with running(settings, access):
        for namespace in (here.system, here.app, "kube-system", "default"):
            written = await OneObject(here.client, kinds.CONFIG_MAP, ROOTS, namespace).until(
                "data", "root-cert.pem", is_=text
            )
            owner = await here.client.get(kinds.NAMESPACE, here.system)
            assert owner["metadata"]["uid"] in [one["uid"] for one in written["metadata"]["ownerReferences"]]
        late = f"{here.app}-late"
        await here.namespace(late)
        roots = OneObject(here.client, kinds.CONFIG_MAP, ROOTS, late)
        written = await roots.until("data", "root-cert.pem", is_=text)
        assert written["metadata"]["labels"] == {"istio.io/config": "true"}

        await here.client.delete(kinds.CONFIG_MAP, ROOTS, namespace=late)
        await roots.until("data", "root-cert.pem", is_=text)
        for change in ({"data": {"root-cert.pem": "wrong"}}, {"metadata": {"labels": None}}):
            await here.client.merge_patch(kinds.CONFIG_MAP, ROOTS, change, namespace=late)
            await roots.until("data", "root-cert.pem", is_=text)
            await roots.until("metadata", "labels", "istio.io/config", is_="true")


async def test_only_the_winner_of_the_election_writes_and_hands_over_when_it_stops(
    access: Access, here: MeshCluster, settings: Settings, root: Root, logs: LogLines, tmp_path: Path
) -> None:
    other = Root()
    other.write_intermediate("other", tmp_path / "other")
    ports = settings_of(here.system)
    fields = {name: getattr(ports, name) for name in ("http", "webhook", "grpc", "secure_grpc", "monitoring")}
    second = msgspec.structs.replace(settings, pod_name="istiod-2", ca_directory=tmp_path / "other", **fields)
    roots = OneObject(here.client, kinds.CONFIG_MAP, ROOTS, here.app)
    lock = OneObject(here.client, kinds.CONFIG_MAP, "istio-namespace-controller-election", here.system)
    async with running(settings, access):
        await lock.until_led(by="istiod")
        await roots.until("data", "root-cert.pem", is_=root.pem.decode())
        async with running(second, access):
            for _ in range(3):
                await here.client.delete(kinds.CONFIG_MAP, ROOTS, namespace=here.app)
                await roots.until("data", "root-cert.pem", is_=root.pem.decode())
            assert not logs.find("became leader", identity="istiod-2")
    async with running(second, access):
        await lock.until_led(by="istiod-2")
        await roots.until("data", "root-cert.pem", is_=other.pem.decode())


@pytest.fixture
async def webhooks(access: Access, here: MeshCluster, settings: Settings) -> AsyncIterator[RunningPlane]:
    """A plane whose webhook configurations exist, without a CA bundle and failing open."""
    async with running(settings, access) as plane:
        for kind, body in configurations(here, settings, plane.webhook):
            await here.client.create(kind, body)
        yield plane
        for kind, body in configurations(here, settings, plane.webhook):
            await here.client.delete(kind, body["metadata"]["name"])


def configurations(here: MeshCluster, settings: Settings, webhook: str) -> list[tuple[Kind, dict[str, Any]]]:
    """One of each kind for the revision, and one of another revision."""
    own = {"istio.io/rev": settings.revision}
    selector = {"matchLabels": {"kubernetes.io/metadata.name": here.app}}
    networking = {"apiGroups": ["networking.istio.io"], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"]}
    both = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": [here.app, here.system]}
    injection = {
        "name": "rev.namespace.sidecar-injector.istio.io",
        "clientConfig": {"url": f"https://{webhook}/inject"},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        "namespaceSelector": selector,
        "failurePolicy": "Ignore",
    }
    validation = {
        "name": "rev.validation.istio.io",
        "clientConfig": {"url": f"https://{webhook}/validate"},
        "rules": [{**networking, "resources": ["*"]}],
        "namespaceSelector": {"matchExpressions": [both]},
        "failurePolicy": "Ignore",
    }
    return [
        configuration(kinds.MUTATING_WEBHOOK, f"injector-{here.app}", own, injection),
        configuration(kinds.MUTATING_WEBHOOK, f"foreign-{here.app}", {"istio.io/rev": "another"}, injection),
        configuration(kinds.VALIDATING_WEBHOOK, f"validator-{here.app}", own, validation),
    ]


def configuration(
    kind: Kind, name: str, labels: Mapping[str, str], webhook: Mapping[str, Any]
) -> tuple[Kind, dict[str, Any]]:
    fixed = {"sideEffects": "None", "admissionReviewVersions": ["v1"]}
    body = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": name, "labels": labels}}
    return kind, {**body, "webhooks": [{**webhook, **fixed}]}


async def test_the_revisions_webhooks_get_the_bundle_and_get_it_back(
    webhooks: RunningPlane, here: MeshCluster, root: Root
) -> None:
    bundle = base64.b64encode(root.pem).decode()
    name = f"injector-{here.app}"
    injector = OneObject(here.client, kinds.MUTATING_WEBHOOK, name)
    await injector.until("webhooks", 0, "clientConfig", "caBundle", is_=bundle)
    wrong = [{"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}]
    await here.client.json_patch(kinds.MUTATING_WEBHOOK, name, wrong)
    await injector.until("webhooks", 0, "clientConfig", "caBundle", is_=bundle)
    foreign = await here.client.get(kinds.MUTATING_WEBHOOK, f"foreign-{here.app}")
    assert "caBundle" not in foreign["webhooks"][0]["clientConfig"]


async def test_validation_fails_closed_once_it_answers_and_then_says_what_is_wrong(
    webhooks: RunningPlane, here: MeshCluster
) -> None:
    validator = OneObject(here.client, kinds.VALIDATING_WEBHOOK, f"validator-{here.app}")
    await validator.until("webhooks", 0, "failurePolicy", is_="Fail")
    server = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}
    body = {"metadata": {"name": "twice", "namespace": here.app}, "spec": {"servers": [server, server]}}
    with pytest.raises(ApiError) as refused:
        await here.client.create(kinds.GATEWAY, {"apiVersion": kinds.GATEWAY.api_version, "kind": "Gateway", **body})
    assert 'admission webhook "rev.validation.istio.io" denied the request' in refused.value.message
    assert "spec.servers[1].port.name: 'http' is also the name of servers[0].port" in refused.value.message
