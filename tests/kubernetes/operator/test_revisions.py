"""Revision-based updates, tags and what uses them, on a real API server without controllers."""

from typing import Any

import pytest
from operator_cluster import condition, create, gone, has, message, roll_out, until

from isthmus.kube import kinds
from isthmus.kube.client import Client
from isthmus.operator.kinds import ISTIO, ISTIO_REVISION, ISTIO_REVISION_TAG
from isthmus.operator.moving import MOVED

pytestmark = pytest.mark.usefixtures("operator")

OLD, NEW = "default-v1-24-1", "default-v1-25-0"


def based_on_revisions(namespace: str, **strategy: Any) -> dict[str, Any]:
    return {"namespace": namespace, "version": "v1.24.1", "updateStrategy": {"type": "RevisionBased", **strategy}}


async def label(client: Client, namespace: str, **labels: str | None) -> None:
    patch = {
        "metadata": {
            "labels": {key.replace("_", "-").replace("istio-io-", "istio.io/"): text for key, text in labels.items()}
        }
    }
    await client.merge_patch(kinds.NAMESPACE, namespace, patch)


async def upgraded(client: Client, namespace: str, **strategy: Any) -> None:
    """An Istio whose new revision is ready and whose old one is used by the namespace."""
    await create(client, ISTIO, "default", based_on_revisions(namespace, **strategy))
    await roll_out(client, namespace, f"istiod-{OLD}")
    await label(client, namespace, istio_io_rev=OLD)
    await until(client, ISTIO_REVISION, OLD, has("InUse", "True", "ReferencedByWorkloads"))
    await client.merge_patch(ISTIO, "default", {"spec": {"version": "v1.25-latest"}})
    await client.merge_patch(ISTIO, "default", {"spec": {"version": "v1.25.0"}})
    await roll_out(client, namespace, f"istiod-{NEW}")


async def test_a_new_version_gets_a_revision_of_its_own_beside_the_used_one(client: Client, namespace: str) -> None:
    await upgraded(client, namespace, inactiveRevisionDeletionGracePeriodSeconds=0)
    await gone(client, ISTIO_REVISION, "default-v1-25-5")
    found = await until(
        client,
        ISTIO,
        "default",
        lambda found: found["status"]["revisions"] == {"total": 2, "ready": 2, "inUse": 1},
    )
    assert found["status"]["activeRevisionName"] == NEW
    assert await client.find(kinds.DEPLOYMENT, f"istiod-{OLD}", namespace=namespace) is not None
    assert message(await client.get(ISTIO_REVISION, OLD), "InUse") == f"used by namespace {namespace}"


async def test_an_inactive_revision_goes_when_its_last_workload_has_left_it(client: Client, namespace: str) -> None:
    await upgraded(client, namespace, inactiveRevisionDeletionGracePeriodSeconds=1)
    await label(client, namespace, istio_io_rev=NEW)
    await gone(client, ISTIO_REVISION, OLD)
    assert await client.find(kinds.DEPLOYMENT, f"istiod-{OLD}", namespace=namespace) is None
    assert await client.find(kinds.DEPLOYMENT, f"istiod-{NEW}", namespace=namespace) is not None


async def test_workloads_are_moved_where_that_is_wished_for(client: Client, namespace: str) -> None:
    template = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "a", "image": "a"}]}}
    workload = {"metadata": {"name": "a"}, "spec": {"selector": {"matchLabels": {"app": "a"}}, "template": template}}
    made = await client.create(kinds.STATEFUL_SET, workload, namespace=namespace)
    owner = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "name": "a",
        "uid": made["metadata"]["uid"],
        "controller": True,
    }
    metadata = {"name": "a-0", "annotations": {"istio.io/rev": OLD}, "ownerReferences": [owner]}
    pod = {"metadata": metadata, "spec": template["spec"] | {"serviceAccountName": "default"}}
    await client.create(kinds.SERVICE_ACCOUNT, {"metadata": {"name": "default"}}, namespace=namespace)
    await client.create(kinds.POD, pod, namespace=namespace)
    await label(client, namespace, istio_io_rev=OLD)
    await create(client, ISTIO, "default", based_on_revisions(namespace, updateWorkloads=True))
    await roll_out(client, namespace, f"istiod-{OLD}")
    await until(client, ISTIO_REVISION, OLD, has("InUse", "True", "ReferencedByWorkloads"))
    await client.merge_patch(ISTIO, "default", {"spec": {"version": "v1.25.0"}})
    await until(client, kinds.DEPLOYMENT, f"istiod-{NEW}", lambda _: True, namespace=namespace)
    before = await client.get(kinds.NAMESPACE, namespace)
    assert before["metadata"]["labels"]["istio.io/rev"] == OLD
    await roll_out(client, namespace, f"istiod-{NEW}")
    await until(client, kinds.NAMESPACE, namespace, lambda found: found["metadata"]["labels"]["istio.io/rev"] == NEW)
    restarted = await until(
        client,
        kinds.STATEFUL_SET,
        "a",
        lambda found: "annotations" in found["spec"]["template"]["metadata"],
        namespace=namespace,
    )
    assert restarted["spec"]["template"]["metadata"]["annotations"] == {MOVED: NEW}


async def test_a_tag_leads_to_the_active_revision_of_an_istio(client: Client, namespace: str) -> None:
    await create(client, ISTIO_REVISION_TAG, "default", {"targetRef": {"kind": "Istio", "name": "default"}})
    lost = await until(client, ISTIO_REVISION_TAG, "default", has("Reconciled", "False", "RefNotFound"))
    assert lost["status"]["state"] == "RefNotFound"
    await create(client, ISTIO, "default", based_on_revisions(namespace))
    found = await until(client, ISTIO_REVISION_TAG, "default", has("Reconciled", "True", "Healthy"))
    assert (found["status"]["istioRevision"], found["status"]["istiodNamespace"]) == (OLD, namespace)
    webhook = await client.get(kinds.MUTATING_WEBHOOK, f"istio-revision-tag-default-{namespace}")
    assert webhook["webhooks"][0]["clientConfig"]["service"]["name"] == f"istiod-{OLD}"
    await label(client, namespace, istio_injection="enabled")
    await until(client, ISTIO_REVISION, OLD, has("InUse", "True", "ReferencedByWorkloads"))
    await until(client, ISTIO_REVISION_TAG, "default", has("InUse", "True", "ReferencedByWorkloads"))
    await client.merge_patch(ISTIO, "default", {"spec": {"version": "v1.25.0"}})
    await until(
        client,
        kinds.MUTATING_WEBHOOK,
        f"istio-revision-tag-default-{namespace}",
        lambda found: found["webhooks"][0]["clientConfig"]["service"]["name"] == f"istiod-{NEW}",
    )
    await client.delete(ISTIO_REVISION_TAG, "default")
    await gone(client, ISTIO_REVISION_TAG, "default")
    assert await client.find(kinds.MUTATING_WEBHOOK, f"istio-revision-tag-default-{namespace}") is None


async def test_a_revision_and_a_tag_cannot_have_one_name(client: Client, namespace: str) -> None:
    await create(client, ISTIO, "default", {"namespace": namespace})
    await until(client, ISTIO_REVISION, "default", has("Reconciled", "True", "Healthy"))
    await create(client, ISTIO_REVISION_TAG, "default", {"targetRef": {"kind": "Istio", "name": "default"}})
    found = await until(client, ISTIO_REVISION_TAG, "default", has("Reconciled", "False", "NameAlreadyExists"))
    assert "choose another for the tag" in message(found, "Reconciled")
    assert condition(await client.get(ISTIO_REVISION, "default"), "Reconciled") == ("True", "Healthy")


async def test_a_pod_keeps_its_revision_in_use(client: Client, namespace: str) -> None:
    await create(client, ISTIO, "default", {"namespace": namespace})
    await until(client, ISTIO_REVISION, "default", has("InUse", "False", "NotReferencedByAnything"))
    await client.create(kinds.SERVICE_ACCOUNT, {"metadata": {"name": "default"}}, namespace=namespace)
    metadata = {"name": "user", "annotations": {"istio.io/rev": "default"}}
    pod = {"metadata": metadata, "spec": {"containers": [{"name": "a", "image": "a"}], "serviceAccountName": "default"}}
    await client.create(kinds.POD, pod, namespace=namespace)
    used = await until(client, ISTIO_REVISION, "default", has("InUse", "True", "ReferencedByWorkloads"))
    assert message(used, "InUse") == f"used by pod {namespace}/user"
