"""Gateways of the Gateway API against a real API server: classes, pods, statuses, in whatever order things come."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import gateway_api_objects as api
import pytest
import yaml
from log_lines import LogLines
from mesh_cluster import MeshCluster
from one_object import OneObject
from running_plane import RunningPlane, running, settings_of

from isthmus.kube import kinds
from isthmus.kube.access import Access
from isthmus.kube.client import Query, Writing
from isthmus.kube.kinds import Kind
from isthmus.kube.wait import wait_until
from isthmus.shipped import shipped

GROUP = "gateway.networking.k8s.io"


async def template(here: MeshCluster) -> None:
    """The injector's ConfigMap, as the chart writes it."""
    text = (shipped("charts/istiod/files") / "kube-gateway.yaml").read_text()
    data = {"config": yaml.safe_dump({"templates": {"kube-gateway": text}}), "values": '{"global": {}}'}
    metadata = {"name": "istio-sidecar-injector", "namespace": here.system}
    await here.client.apply(
        kinds.CONFIG_MAP, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
    )


@pytest.fixture
async def plane(access: Access, here: MeshCluster) -> AsyncIterator[RunningPlane]:
    await api.install(here.client)
    await template(here)
    await here.service("web")
    async with running(settings_of(here.system), access) as plane:
        yield plane
        for kind in (kinds.HTTP_ROUTE, kinds.KUBERNETES_GATEWAY):
            for one in (await here.client.list(kind, Query(namespace=here.app))).items:
                await here.client.delete(kind, one["metadata"]["name"], namespace=here.app)


def one(here: MeshCluster, kind: Kind, name: str) -> OneObject:
    return OneObject(here.client, kind, name, here.app)


async def until_condition(here: MeshCluster, kind: Kind, name: str, wanted: str, reason: str) -> Mapping[str, Any]:
    """Waits until a condition of an object, or of its first parent, has a reason; gives the object's status."""

    def missing(objects: Mapping[tuple[str, str], Any]) -> str:
        status = objects.get((here.app if kind.namespaced else "", name), {}).get("status", {})
        holder = status["parents"][0] if status.get("parents") else status
        found = {condition["type"]: condition["reason"] for condition in holder.get("conditions", ())}
        return "" if found.get(wanted) == reason else f"{name} has {found}, not {wanted}={reason}"

    query = Query(here.app if kind.namespaced else "", fields=f"metadata.name={name}")
    found = await wait_until(here.client, kind, query, missing, seconds=30)
    status: Mapping[str, Any] = next(iter(found.values()))["status"]
    return status


async def test_discovery_agrees_with_the_constants(here: MeshCluster) -> None:
    await api.install(here.client)
    served = {crd["metadata"]["name"] for crd in api.crds()}  # TCPRoute is in the experimental channel alone
    every = (kind for kind in vars(kinds).values() if isinstance(kind, Kind) and kind.group == GROUP)
    known = [kind for kind in every if f"{kind.plural}.{kind.group}" in served]
    assert known
    assert [await here.client.kind_of(kind.api_version, kind.kind) for kind in known] == known


async def test_crds_that_come_later_are_noticed_and_get_the_classes(access: Access, here: MeshCluster) -> None:
    for crd in api.crds():
        name = crd["metadata"]["name"]
        if await here.client.find(kinds.CUSTOM_RESOURCE_DEFINITION, name):
            await here.client.delete(kinds.CUSTOM_RESOURCE_DEFINITION, name)
    async with running(settings_of(here.system), access):
        await api.install(here.client)
        for name in ("istio", "istio-east-west", "istio-remote"):
            status = await until_condition(here, kinds.GATEWAY_CLASS, name, "Accepted", "Accepted")
            (owner,) = (await here.client.get(kinds.GATEWAY_CLASS, name))["metadata"]["ownerReferences"]
            assert (owner["kind"], owner["name"]) == ("Namespace", here.system)
        features = [feature["name"] for feature in status["supportedFeatures"]]
        assert features == sorted(features)


async def test_a_gateway_gets_pods_a_service_and_an_address(plane: RunningPlane, here: MeshCluster) -> None:
    infrastructure = {"labels": {"team": "edge"}, "annotations": {"note": "x"}}
    await here.client.apply(kinds.KUBERNETES_GATEWAY, api.gateway(here.app, infrastructure=infrastructure))
    await here.client.apply(kinds.HTTP_ROUTE, api.route(here.app, "web", {"name": "edge"}))
    deployment = await one(here, kinds.DEPLOYMENT, "edge-istio").until("metadata", "labels", "team", is_="edge")
    pod = deployment["spec"]["template"]
    assert pod["metadata"]["labels"]["sidecar.istio.io/inject"] == "true"
    assert pod["metadata"]["annotations"]["inject.istio.io/templates"] == "gateway"
    assert pod["spec"]["containers"][0]["image"] == "auto"
    await one(here, kinds.SERVICE_ACCOUNT, "edge-istio").until("metadata", "annotations", "note", is_="x")
    service = await one(here, kinds.SERVICE, "edge-istio").until("spec", "type", is_="LoadBalancer")
    assert [port["port"] for port in service["spec"]["ports"]] == [15021, 80]
    assert service["metadata"]["ownerReferences"][0]["name"] == "edge"

    await until_condition(here, kinds.KUBERNETES_GATEWAY, "edge", "Programmed", "AddressNotAssigned")
    await api.give_address(here.client, here.app, "edge-istio", "192.0.2.10")
    status = await until_condition(here, kinds.KUBERNETES_GATEWAY, "edge", "Programmed", "Programmed")
    assert status["addresses"] == [{"type": "IPAddress", "value": "192.0.2.10"}]
    await one(here, kinds.KUBERNETES_GATEWAY, "edge").until("status", "listeners", 0, "attachedRoutes", is_=1)
    route = await until_condition(here, kinds.HTTP_ROUTE, "route", "Accepted", "Accepted")
    assert route["parents"][0]["controllerName"] == "istio.io/gateway-controller"


async def test_what_is_deleted_or_changed_by_hand_comes_back(plane: RunningPlane, here: MeshCluster) -> None:
    await here.client.apply(kinds.KUBERNETES_GATEWAY, api.gateway(here.app))
    await one(here, kinds.SERVICE, "edge-istio").until("spec", "type", is_="LoadBalancer")
    await here.client.delete(kinds.SERVICE, "edge-istio", namespace=here.app)
    service = await one(here, kinds.SERVICE, "edge-istio").until("spec", "type", is_="LoadBalancer")
    patch = {"spec": {"type": "ClusterIP"}}
    await here.client.merge_patch(kinds.SERVICE, "edge-istio", patch, namespace=here.app)
    await one(here, kinds.SERVICE, "edge-istio").until("spec", "type", is_="LoadBalancer")
    two = [*api.gateway(here.app)["spec"]["listeners"], {"name": "more", "port": 81, "protocol": "HTTP"}]
    await here.client.apply(kinds.KUBERNETES_GATEWAY, api.gateway(here.app, listeners=two))
    await one(here, kinds.SERVICE, "edge-istio").until("spec", "ports", 2, "port", is_=81)
    assert service["metadata"]["uid"]


async def test_conditions_tell_the_generation_and_keep_their_time(plane: RunningPlane, here: MeshCluster) -> None:
    await here.client.apply(kinds.KUBERNETES_GATEWAY, api.gateway(here.app))
    await here.client.apply(kinds.HTTP_ROUTE, api.route(here.app, "web", {"name": "edge"}))
    first = await until_condition(here, kinds.HTTP_ROUTE, "route", "ResolvedRefs", "ResolvedRefs")
    await here.client.apply(kinds.HTTP_ROUTE, api.route(here.app, "gone", {"name": "edge"}))
    second = await until_condition(here, kinds.HTTP_ROUTE, "route", "ResolvedRefs", "BackendNotFound")
    before, after = ({c["type"]: c for c in status["parents"][0]["conditions"]} for status in (first, second))
    assert [c["observedGeneration"] for c in after.values()] == [2, 2]
    assert after["Accepted"]["lastTransitionTime"] == before["Accepted"]["lastTransitionTime"]
    assert after["ResolvedRefs"]["status"] == "False"


async def test_parents_of_other_controllers_are_left_alone(plane: RunningPlane, here: MeshCluster) -> None:
    await here.client.apply(kinds.KUBERNETES_GATEWAY, api.gateway(here.app))
    await here.client.apply(kinds.HTTP_ROUTE, api.route(here.app, "web", {"name": "edge"}, {"name": "foreign"}))
    await until_condition(here, kinds.HTTP_ROUTE, "route", "Accepted", "Accepted")
    condition = {"type": "Accepted", "status": "True", "reason": "Accepted", "message": ""}
    condition["lastTransitionTime"] = "2026-01-01T00:00:00Z"
    foreign = {"parentRef": {"name": "foreign"}, "controllerName": "example.com/other", "conditions": [condition]}
    writing = Writing(subresource="status")
    patch = {"status": {"parents": [foreign]}}  # ours is lost
    await here.client.merge_patch(kinds.HTTP_ROUTE, "route", patch, namespace=here.app, writing=writing)
    ours = await one(here, kinds.HTTP_ROUTE, "route").until("status", "parents", 1, "parentRef", "name", is_="edge")
    assert ours["status"]["parents"][0]["controllerName"] == "example.com/other"
    await here.client.apply(kinds.HTTP_ROUTE, api.route(here.app, "web", {"name": "foreign"}))
    await one(here, kinds.HTTP_ROUTE, "route").until("status", "parents", 1, is_=None)


async def test_a_gateway_that_names_a_service_is_deployed_by_hand(plane: RunningPlane, here: MeshCluster) -> None:
    await here.service("ingress")
    addresses = [{"type": "Hostname", "value": "ingress"}]
    await here.client.apply(kinds.KUBERNETES_GATEWAY, api.gateway(here.app, addresses=addresses))
    status = await until_condition(here, kinds.KUBERNETES_GATEWAY, "edge", "Programmed", "Programmed")
    assert status["addresses"] == [{"type": "Hostname", "value": f"ingress.{here.app}.svc.cluster.local"}]
    assert await here.client.find(kinds.DEPLOYMENT, "edge-istio", namespace=here.app) is None


async def test_objects_that_somebody_else_made_are_not_taken_over(
    plane: RunningPlane, here: MeshCluster, logs: LogLines
) -> None:
    await here.service("edge-istio")
    await here.client.apply(kinds.KUBERNETES_GATEWAY, api.gateway(here.app))
    await logs.until("gateway not deployed")
    service = await here.client.get(kinds.SERVICE, "edge-istio", namespace=here.app)
    assert service["spec"]["type"] == "ClusterIP"


async def test_a_config_map_of_the_user_changes_the_objects(plane: RunningPlane, here: MeshCluster) -> None:
    metadata = {"name": "changes", "namespace": here.app}
    data = {"deployment": "spec: {replicas: 3}", "horizontalPodAutoscaler": "spec: {maxReplicas: 4}"}
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
    await here.client.apply(kinds.CONFIG_MAP, body)
    reference = {"parametersRef": {"group": "", "kind": "ConfigMap", "name": "changes"}}
    await here.client.apply(kinds.KUBERNETES_GATEWAY, api.gateway(here.app, infrastructure=reference))
    await one(here, kinds.DEPLOYMENT, "edge-istio").until("spec", "replicas", is_=3)
    await one(here, kinds.HORIZONTAL_POD_AUTOSCALER, "edge-istio").until("spec", "maxReplicas", is_=4)
    await here.client.apply(kinds.CONFIG_MAP, body | {"data": {"deployment": "spec: {replicas: 2}"}})
    await one(here, kinds.DEPLOYMENT, "edge-istio").until("spec", "replicas", is_=2)


async def test_a_gateway_of_another_revision_is_left_to_it(plane: RunningPlane, here: MeshCluster) -> None:
    other = api.gateway(here.app, "other")
    other["metadata"]["labels"] = {"istio.io/rev": "canary"}
    await here.client.apply(kinds.KUBERNETES_GATEWAY, other)
    await here.client.apply(kinds.KUBERNETES_GATEWAY, api.gateway(here.app))
    await one(here, kinds.SERVICE, "edge-istio").until("spec", "type", is_="LoadBalancer")
    assert await here.client.find(kinds.DEPLOYMENT, "other-istio", namespace=here.app) is None
    tag = {"name": f"tag-{here.app}", "labels": {"istio.io/tag": "canary", "istio.io/rev": "default"}}
    await here.client.create(kinds.MUTATING_WEBHOOK, {"metadata": tag})
    other["metadata"]["labels"]["touched"] = "1"
    await here.client.apply(kinds.KUBERNETES_GATEWAY, other)
    await one(here, kinds.DEPLOYMENT, "other-istio").until("metadata", "labels", "touched", is_="1")
    await here.client.delete(kinds.MUTATING_WEBHOOK, tag["name"])
