"""`Istio` resources on a real API server. It runs no controllers, so tests roll Deployments out themselves."""

import pytest
from operator_cluster import condition, create, gone, has, message, roll_out, until

from isthmus.install.owned import owned_objects
from isthmus.kube import kinds
from isthmus.kube.client import Client
from isthmus.kube.errors import ApiError
from isthmus.operator.kinds import ISTIO, ISTIO_REVISION

pytestmark = pytest.mark.usefixtures("operator")


async def names(client: Client) -> set[str]:
    return {str(owned.identity) for owned in await owned_objects(client, "sailoperator.io/owner-uid")}


async def test_an_istio_becomes_a_control_plane_and_is_ready_when_that_runs(client: Client, namespace: str) -> None:
    values = {"global": {"meshID": "mesh1", "multiCluster": {"clusterName": "cluster1"}, "network": "network1"}}
    await create(client, ISTIO, "default", {"version": "v1.24.1", "namespace": namespace, "values": values})
    waiting = await until(client, ISTIO, "default", has("Reconciled", "True", "Healthy"))
    assert condition(waiting, "Ready") == ("False", "IstiodNotReady")
    assert waiting["status"]["state"] == "IstiodNotReady"
    await roll_out(client, namespace, "istiod")
    ready = await until(client, ISTIO, "default", has("Ready", "True", "Healthy"))
    assert ready["status"]["state"] == "Healthy"
    assert ready["status"]["activeRevisionName"] == "default"
    assert ready["status"]["revisions"] == {"total": 1, "ready": 1, "inUse": 0}
    assert "serves the API of Istio v1.24.1" in message(ready, "Reconciled")
    deployment = await client.get(kinds.DEPLOYMENT, "istiod", namespace=namespace)
    variables = {
        each["name"]: each.get("value") for each in deployment["spec"]["template"]["spec"]["containers"][0]["env"]
    }
    assert variables["CLUSTER_ID"] == "cluster1"


async def test_deleting_an_istio_takes_away_all_that_it_made(client: Client, namespace: str) -> None:
    await create(client, ISTIO, "default", {"namespace": namespace})
    await until(client, ISTIO, "default", has("Reconciled", "True", "Healthy"))
    root = {
        "metadata": {"name": "istio-ca-root-cert", "labels": {"istio.io/config": "true"}},
        "data": {"root-cert.pem": "x"},
    }
    await client.create(kinds.CONFIG_MAP, root, namespace="default")
    assert f"Deployment {namespace}/istiod" in await names(client)
    await client.delete(ISTIO, "default")
    await gone(client, ISTIO, "default")
    assert await names(client) == set()
    assert await client.find(ISTIO_REVISION, "default") is None
    assert await client.find(kinds.CONFIG_MAP, "istio-ca-root-cert", namespace="default") is None


async def test_an_istio_can_be_deleted_together_with_its_namespace(client: Client, namespace: str) -> None:
    await create(client, ISTIO, "default", {"namespace": namespace})
    await until(client, ISTIO, "default", has("Reconciled", "True", "Healthy"))
    await client.delete(kinds.NAMESPACE, namespace)
    await client.delete(ISTIO, "default")
    await gone(client, ISTIO, "default")
    assert await names(client) == set()


async def test_a_change_of_values_is_carried_out_in_place(client: Client, namespace: str) -> None:
    await create(client, ISTIO, "default", {"namespace": namespace})
    await roll_out(client, namespace, "istiod")
    await until(client, ISTIO, "default", has("Ready", "True", "Healthy"))
    await client.merge_patch(ISTIO, "default", {"spec": {"values": {"pilot": {"env": {"ANY": "thing"}}}}})
    changed = await until(
        client,
        kinds.DEPLOYMENT,
        "istiod",
        lambda found: {"name": "ANY", "value": "thing"} in found["spec"]["template"]["spec"]["containers"][0]["env"],
        namespace=namespace,
    )
    assert changed["metadata"]["generation"] == 2
    await until(client, ISTIO, "default", has("Ready", "False", "IstiodNotReady"))
    await roll_out(client, namespace, "istiod")
    await until(client, ISTIO, "default", has("Ready", "True", "Healthy"))


async def test_what_is_deleted_behind_the_operators_back_comes_back(client: Client, namespace: str) -> None:
    await create(client, ISTIO, "default", {"namespace": namespace})
    await until(client, ISTIO, "default", has("Reconciled", "True", "Healthy"))
    before = await client.get(kinds.CONFIG_MAP, "istio", namespace=namespace)
    await client.delete(kinds.CONFIG_MAP, "istio", namespace=namespace)
    await until(
        client,
        kinds.CONFIG_MAP,
        "istio",
        lambda found: found["metadata"]["uid"] != before["metadata"]["uid"],
        namespace=namespace,
    )


async def test_what_has_no_value_any_more_is_taken_away(client: Client, namespace: str) -> None:
    await create(client, ISTIO, "default", {"namespace": namespace})
    await until(client, kinds.HORIZONTAL_POD_AUTOSCALER, "istiod", lambda _: True, namespace=namespace)
    await client.merge_patch(ISTIO, "default", {"spec": {"values": {"autoscaleEnabled": False}}})
    await gone(client, kinds.HORIZONTAL_POD_AUTOSCALER, "istiod", namespace=namespace)


async def test_a_missing_namespace_is_named_and_waited_for(client: Client, namespace: str) -> None:
    late = f"{namespace}-late"
    await create(client, ISTIO, "default", {"namespace": late})
    found = await until(client, ISTIO, "default", has("Reconciled", "False", "ReconcileError"))
    assert message(found, "Reconciled") == f"spec.namespace: namespace {late} does not exist; create it"
    await client.create(kinds.NAMESPACE, {"metadata": {"name": late}})
    await until(client, ISTIO, "default", has("Reconciled", "True", "Healthy"))


MISTAKES = {
    "another namespace in the values": (
        {"values": {"global": {"istioNamespace": "elsewhere"}}},
        "spec.values.global.istioNamespace: 'elsewhere' contradicts spec.namespace",
    ),
    "another revision in the values": (
        {"values": {"revision": "canary"}},
        "spec.values.revision: 'canary' contradicts metadata.name",
    ),
    "ambient mode": ({"profile": "ambient"}, "spec.profile: ambient needs ztunnel, which Isthmus does not have"),
    "a map that is none": ({"values": {"global": {"proxy": "x"}}}, "spec.values.global.proxy: expected a map"),
}


@pytest.mark.parametrize("name", MISTAKES)
async def test_a_mistake_in_the_spec_is_told_in_the_status(client: Client, namespace: str, name: str) -> None:
    spec, text = MISTAKES[name]
    await create(client, ISTIO, "default", {"namespace": namespace, **spec})
    found = await until(client, ISTIO, "default", has("Reconciled", "False", "ReconcileError"))
    assert text in message(found, "Reconciled")
    assert found["status"]["state"] == "ReconcileError"


async def test_a_value_that_no_chart_uses_is_mentioned(client: Client, namespace: str) -> None:
    await create(client, ISTIO, "default", {"namespace": namespace, "values": {"global": {"netwrok": "n"}}})
    found = await until(client, ISTIO, "default", has("Reconciled", "True", "Healthy"))
    assert "did you mean global.network?" in message(found, "Reconciled")


async def test_somebody_elses_revision_is_left_alone(client: Client, namespace: str) -> None:
    await create(client, ISTIO_REVISION, "default", {"namespace": namespace})
    await create(client, ISTIO, "default", {"namespace": namespace})
    found = await until(client, ISTIO, "default", has("Reconciled", "False", "ReconcileError"))
    assert "IstioRevision default exists and belongs to somebody else" in message(found, "Reconciled")


async def test_an_unknown_version_is_refused_with_those_there_are(client: Client, namespace: str) -> None:
    with pytest.raises(ApiError, match=r'spec.version: Unsupported value: "v1.0".*"v1.24.1"'):
        await create(client, ISTIO, "default", {"version": "v1.0", "namespace": namespace})


async def test_the_namespace_cannot_be_changed(client: Client, namespace: str) -> None:
    await create(client, ISTIO, "default", {"namespace": namespace})
    with pytest.raises(ApiError, match="the namespace cannot be changed"):
        await client.merge_patch(ISTIO, "default", {"spec": {"namespace": "other"}})


async def test_an_istio_without_spec_has_defaults(client: Client) -> None:
    created = await create(client, ISTIO, "plain")
    assert created["spec"]["namespace"] == "istio-system"
    assert created["spec"]["version"].startswith("v1.")


async def test_looking_again_writes_nothing(client: Client, namespace: str) -> None:
    async def versions() -> dict[str, str]:
        found = {}
        for owned in await owned_objects(client, "sailoperator.io/owner-uid"):
            live = await client.get(owned.kind, owned.identity.name, namespace=owned.identity.namespace)
            found[str(owned.identity)] = live["metadata"]["resourceVersion"]
        return found

    await create(client, ISTIO, "default", {"namespace": namespace})
    await until(client, ISTIO, "default", has("Reconciled", "True", "Healthy"))
    before = await versions()
    await client.merge_patch(ISTIO_REVISION, "default", {"metadata": {"annotations": {"look": "again"}}})
    await create(client, ISTIO, "second", {"namespace": f"{namespace}-none"})
    await until(client, ISTIO, "second", has("Reconciled", "False", "ReconcileError"))
    assert await versions() == before
