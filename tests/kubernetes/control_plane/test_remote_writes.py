"""What a control plane writes into a remote cluster: only what its administrator asks for, and only what it may."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from log_lines import LogLines
from mesh_cluster import MeshCluster
from one_object import OneObject
from plugged_in_ca import Root
from running_plane import running, settings_of

from isthmus.control_plane.remote_writes import ANNOTATION
from isthmus.control_plane.settings import Settings
from isthmus.kube import kinds
from isthmus.kube.access import Access

ROOTS = "istio-ca-root-cert"
ELECTION = "istio-namespace-controller-election"
READ_ONLY = "remote cluster is only read"
SERVED = "remote cluster gets roots and CA bundles from here"


@dataclass(frozen=True, slots=True)
class Primary:
    """A control plane's settings with the cluster that it works for and the one that has none."""

    settings: Settings
    here: MeshCluster
    there: MeshCluster
    root: Root

    async def join(self) -> None:
        """Declares the remote cluster, with a reader that may write."""
        await self.here.remote_secret("remote", cluster2=await self.there.reader_kubeconfig(writes=True))

    async def until_published(self, namespace: str) -> None:
        """Waits for the roots in a namespace of the remote cluster."""
        roots = OneObject(self.there.client, kinds.CONFIG_MAP, ROOTS, namespace)
        await roots.until("data", "root-cert.pem", is_=self.root.pem.decode())


@pytest.fixture
def primary(here: MeshCluster, there: MeshCluster, tmp_path: Path) -> Primary:
    root = Root()
    root.write_intermediate("first", tmp_path / "cacerts")
    settings = settings_of(
        here.system,
        ca_directory=tmp_path / "cacerts",
        external=True,
        revision=here.system.removeprefix("system-"),
        injection_webhook="istio-sidecar-injector",
    )
    return Primary(settings, here, there, root)


@pytest.mark.parametrize("clusters", ["cluster1", "*", "cluster9, cluster1"])
async def test_a_cluster_that_names_the_control_plane_gets_the_roots(
    primary: Primary, access: Access, clusters: str
) -> None:
    there = primary.there
    await there.annotate_system({ANNOTATION: clusters})
    await primary.join()
    async with running(primary.settings, access):
        await primary.until_published(there.app)
        lock = OneObject(there.client, kinds.CONFIG_MAP, ELECTION, there.system)
        await lock.until_led(by="istiod")
        await there.namespace(f"{there.app}-late")
        await primary.until_published(f"{there.app}-late")
        await there.client.merge_patch(
            kinds.CONFIG_MAP, ROOTS, {"data": {"root-cert.pem": "wrong"}}, namespace=there.app
        )
        await primary.until_published(there.app)
    await lock.until_led(by="")


async def test_a_cluster_that_does_not_name_it_is_only_read_until_it_does_and_after_it_stops(
    primary: Primary, access: Access, logs: LogLines
) -> None:
    there = primary.there
    await there.annotate_system({ANNOTATION: "cluster9"})
    await primary.join()
    async with running(primary.settings, access):
        await logs.until(READ_ONLY, cluster="cluster2", annotation=f"{ANNOTATION}=cluster1")
        assert await there.client.find(kinds.CONFIG_MAP, ROOTS, namespace=there.app) is None
        await there.annotate_system({ANNOTATION: "cluster1"})
        await primary.until_published(there.app)
        await there.annotate_system({ANNOTATION: None})
        await OneObject(there.client, kinds.CONFIG_MAP, ELECTION, there.system).until_led(by="")
        await logs.until_more(READ_ONLY, than=1)


async def test_a_control_plane_that_is_not_external_writes_to_its_own_cluster_only(
    primary: Primary, access: Access, logs: LogLines, tmp_path: Path
) -> None:
    settings = settings_of(primary.here.system, ca_directory=tmp_path / "cacerts")
    await primary.there.annotate_system({ANNOTATION: "*"})
    await primary.join()
    async with running(settings, access):
        await OneObject(primary.here.client, kinds.CONFIG_MAP, ROOTS, primary.here.app).until(
            "data", "root-cert.pem", is_=primary.root.pem.decode()
        )
        await logs.until("remote cluster synced", cluster="cluster2")
        assert not logs.find(SERVED)


async def test_the_remote_injection_webhook_of_the_revision_gets_the_bundle_and_no_other_does(
    primary: Primary, access: Access
) -> None:
    there = primary.there
    await there.annotate_system({ANNOTATION: "*"})
    await primary.join()
    own, foreign = (injector(there, revision) for revision in (primary.settings.revision, "another"))
    for body in (own, foreign):
        await there.client.create(kinds.MUTATING_WEBHOOK, body)
    async with running(primary.settings, access):
        patched = OneObject(there.client, kinds.MUTATING_WEBHOOK, own["metadata"]["name"])
        bundle = base64.b64encode(primary.root.pem).decode()
        await patched.until("webhooks", 0, "clientConfig", "caBundle", is_=bundle)
        found = await there.client.get(kinds.MUTATING_WEBHOOK, foreign["metadata"]["name"])
        assert "caBundle" not in found["webhooks"][0]["clientConfig"]
    for body in (own, foreign):
        await there.client.delete(kinds.MUTATING_WEBHOOK, body["metadata"]["name"])


async def test_a_rotated_credential_and_a_removed_secret_end_the_work_with_the_former_client(
    primary: Primary, access: Access, logs: LogLines
) -> None:
    there = primary.there
    await there.annotate_system({ANNOTATION: "cluster1"})
    await primary.join()
    async with running(primary.settings, access):
        await primary.until_published(there.app)
        await primary.join()
        await logs.until("watching remote cluster", cluster="cluster2", rotated=True)
        await there.namespace(f"{there.app}-late")
        await primary.until_published(f"{there.app}-late")
        await primary.here.remove_secret("remote")
        await OneObject(there.client, kinds.CONFIG_MAP, ELECTION, there.system).until_led(by="")


def injector(cluster: MeshCluster, revision: str) -> dict[str, Any]:
    """An injection webhook without a bundle that is asked about no pod."""
    webhook = {
        "name": "rev.namespace.sidecar-injector.istio.io",
        "clientConfig": {"url": "https://127.0.0.1:1/inject"},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "nobody"}},
        "failurePolicy": "Ignore",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    metadata = {"name": f"injector-{revision}-{cluster.app}", "labels": {"istio.io/rev": revision}}
    kind = kinds.MUTATING_WEBHOOK
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "webhooks": [webhook]}
