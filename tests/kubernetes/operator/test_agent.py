"""The node agent on a real API server without controllers."""

import pytest
from operator_cluster import create, gone, has, message, until

from isthmus.kube import kinds
from isthmus.kube.client import Client, Writing
from isthmus.kube.errors import ApiError
from isthmus.operator.kinds import ISTIO, ISTIO_CNI

pytestmark = pytest.mark.usefixtures("operator")


async def test_only_one_agent_can_be_there(client: Client, namespace: str) -> None:
    with pytest.raises(ApiError, match=r"metadata\.name must be default"):
        await create(client, ISTIO_CNI, "second", {"namespace": namespace})


async def test_an_agent_is_ready_when_it_runs_on_the_nodes(client: Client, namespace: str) -> None:
    await create(client, ISTIO_CNI, "default", {"version": "v1.24.1", "namespace": namespace})
    await until(client, ISTIO_CNI, "default", has("Ready", "False", "DaemonSetNotReady"))
    found = await until(client, kinds.DAEMON_SET, "istio-cni-node", lambda _: True, namespace=namespace)
    numbers = dict.fromkeys(("desiredNumberScheduled", "currentNumberScheduled", "updatedNumberScheduled"), 1)
    numbers |= {"numberAvailable": 1, "numberReady": 1, "numberMisscheduled": 0}
    status = {"status": numbers | {"observedGeneration": found["metadata"]["generation"]}}
    writing = Writing(subresource="status")
    await client.merge_patch(kinds.DAEMON_SET, "istio-cni-node", status, namespace=namespace, writing=writing)
    await until(client, ISTIO_CNI, "default", has("Ready", "True", "Healthy"))
    await client.delete(ISTIO_CNI, "default")
    await gone(client, ISTIO_CNI, "default")
    assert await client.find(kinds.DAEMON_SET, "istio-cni-node", namespace=namespace) is None


async def test_a_control_plane_captures_by_the_agent_where_there_is_one(client: Client, namespace: str) -> None:
    await create(client, ISTIO_CNI, "default", {"namespace": namespace})
    await create(client, ISTIO, "default", {"namespace": namespace})
    found = await until(client, ISTIO, "default", has("DependenciesHealthy", "False", "IstioCNINotHealthy"))
    assert "IstioCNI default is not ready" in message(found, "DependenciesHealthy")
    await client.merge_patch(ISTIO, "default", {"spec": {"values": {"pilot": {"cni": {"enabled": False}}}}})
    await until(client, ISTIO, "default", has("DependenciesHealthy", "True", "Healthy"))


async def test_an_agent_that_is_asked_for_and_missing_is_named(client: Client, namespace: str) -> None:
    values = {"pilot": {"cni": {"enabled": True}}}
    await create(client, ISTIO, "default", {"namespace": namespace, "values": values})
    found = await until(client, ISTIO, "default", has("DependenciesHealthy", "False", "IstioCNINotFound"))
    assert "create an IstioCNI named default" in message(found, "DependenciesHealthy")
