"""Debug pages over ADS, and the synchronisation status that tools show."""

from __future__ import annotations

import json

import grpc
import pytest
from plane import METADATA, Stream, node

from isthmus.model.identity import Caller, SpiffeId
from isthmus.protos import pb
from isthmus.xds.debug import SYNCZ
from isthmus.xds.order import CLUSTER, ENDPOINT
from isthmus.xds.settings import XdsSettings
from isthmus.xds.variants import DELTA, SOTW

TYPE = "istio.io/debug"
CONFIG = pb("envoy.service.status.v3.ClientConfig")


def caller(namespace: str) -> Caller:
    return Caller((SpiffeId("cluster.local", namespace, "istiod"),), "token")


OPERATOR = caller("istio-system")
TOOL = node(metadata={"NAMESPACE": "istio-system", "GENERATOR": "event"})
EVERYBODY = XdsSettings(identity_check=False)


@pytest.mark.parametrize("variant", [DELTA, SOTW], ids=["delta", "sotw"])
async def test_a_page_is_sent_as_it_is(start, variant):
    plane = await start(caller=OPERATOR)
    async with Stream(plane.port, variant) as stream:
        answer = await stream.ask(TYPE, "clusterz", node=TOOL)
        assert answer.type_url == TYPE
        assert json.loads(answer.control_plane.identifier)["ID"] == "istiod-1"
        (resource,) = answer.resources
        body = resource.resource if variant is DELTA else resource
        assert (body.type_url, json.loads(body.value)) == (TYPE, ["clusterz", None])
    assert plane.source.callers == [], "a tool is no proxy"


async def test_the_status_of_every_proxy_is_told_in_istios_two_forms(start):
    plane = await start(EVERYBODY, caller=OPERATOR)
    async with Stream(plane.port) as one, Stream(plane.port) as two, Stream(plane.port, SOTW) as tool:
        first = await one.ask(CLUSTER, node=node("one"))
        await one.send(type_url=CLUSTER, response_nonce=first.nonce)
        await one.ask(ENDPOINT, "a")
        refused = await two.ask(CLUSTER, node=node("two"))
        await two.send(type_url=CLUSTER, response_nonce=refused.nonce, error_detail={"message": "no good"})
        await two.ask(ENDPOINT, "a")

        rows = {row["proxy"]: row for row in plane.xds.syncz()}
        assert set(rows) == {"one.shop", "two.shop"}
        row = rows["one.shop"]
        assert (row["cluster_id"], row["proxy_type"], row["istio_version"]) == ("cluster1", "sidecar", "1.32.0")
        assert row["cluster_sent"] == row["cluster_acked"] == first.nonce
        assert row["endpoint_acked"] == ""
        assert "listener_sent" not in row
        assert rows["two.shop"]["resources"][CLUSTER]["lastError"] == "no good"
        assert row["resources"][CLUSTER]["sentTime"].endswith("Z")
        assert plane.xds.syncz("elsewhere") == []

        answer = await tool.ask("istio.io/debug/syncz", node=TOOL)
        configs = {config.node.id: config for config in map(read, answer.resources)}
        assert dict(configs["one.shop"].node.metadata)["CLUSTER_ID"] == "cluster1"
        assert statuses(configs["one.shop"]) == {CLUSTER: "SYNCED", ENDPOINT: "STALE"}
        assert statuses(configs["two.shop"])[CLUSTER] == "ERROR"
        assert configs["two.shop"].generic_xds_configs[0].error_state.details == "no good"


async def test_a_proxys_cluster_is_the_one_that_it_was_found_in(start):
    plane = await start(EVERYBODY, caller=OPERATOR)
    plane.source.found_in["shop"] = "cluster7"
    async with Stream(plane.port) as one, Stream(plane.port, SOTW) as tool:
        await one.ask(CLUSTER, node=node("one"))
        assert [row["cluster_id"] for row in plane.xds.syncz()] == ["cluster7"]
        answer = await tool.ask("istio.io/debug/syncz", node=TOOL)
        assert [dict(read(each).node.metadata)["CLUSTER_ID"] for each in answer.resources] == ["cluster7"]


async def test_a_proxy_that_comes_back_with_everything_is_in_step(start):
    plane = await start(EVERYBODY, caller=OPERATOR)
    async with Stream(plane.port) as before, Stream(plane.port) as after, Stream(plane.port, SOTW) as tool:
        held = await before.ask(CLUSTER, node=node("web"))
        await before.ask(ENDPOINT, "a")
        await after.send(
            type_url=CLUSTER,
            node=node("again"),
            initial_resource_versions={entry.name: entry.version for entry in held.resources},
        )
        await after.ask(ENDPOINT, "a")  # sent after anything that there was to say about clusters
        configs = {config.node.id: config for config in map(read, (await tool.ask(SYNCZ, node=TOOL)).resources)}
        assert statuses(configs["again.shop"]) == {CLUSTER: "SYNCED", ENDPOINT: "STALE"}
        assert configs["again.shop"].generic_xds_configs[0].last_updated.seconds > 0
        row = next(row for row in plane.xds.syncz() if row["proxy"] == "again.shop")
        assert row["cluster_sent"] == row["cluster_acked"] != ""


def read(resource):
    assert resource.type_url == "type.googleapis.com/envoy.service.status.v3.ClientConfig"
    return CONFIG.FromString(resource.value)


def statuses(config) -> dict[str, str]:
    field = config.generic_xds_configs[0].DESCRIPTOR.fields_by_name["config_status"].enum_type
    return {one.type_url: field.values_by_number[one.config_status].name for one in config.generic_xds_configs}


async def test_a_proxys_configuration_is_sent_in_sections(start):
    plane = await start(caller=OPERATOR)
    async with Stream(plane.port, SOTW) as stream:
        answer = await stream.ask("istio.io/debug/config_dump", "web.shop", node=TOOL)
        assert [one.type_url for one in answer.resources] == ["type.googleapis.com/envoy.admin.v3.ClustersConfigDump"]


async def test_other_namespaces_see_their_own_proxies_only(start):
    plane = await start(caller=caller("shop"))
    async with Stream(plane.port, SOTW) as stream:
        answer = await stream.ask(TYPE, "config_dump?proxyID=web", node=node(metadata=METADATA))
        assert json.loads(answer.resources[0].value) == ["config_dump?proxyID=web", "shop"]


@pytest.mark.parametrize(
    ("who", "type_url", "names", "code"),
    [
        (None, TYPE, ["clusterz"], grpc.StatusCode.UNAUTHENTICATED),
        (caller("shop"), TYPE, ["clusterz"], grpc.StatusCode.PERMISSION_DENIED),
        (caller("shop"), "istio.io/debug/syncz", [], grpc.StatusCode.PERMISSION_DENIED),
        (caller("shop"), "istio.io/debug/config_dump", ["x"], grpc.StatusCode.PERMISSION_DENIED),
        (OPERATOR, TYPE, [], grpc.StatusCode.INVALID_ARGUMENT),
        (OPERATOR, TYPE, ["clusterz", "syncz"], grpc.StatusCode.INVALID_ARGUMENT),
        (OPERATOR, TYPE, ["nonsense"], grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
async def test_who_may_not_read_a_page_is_told(start, who, type_url, names, code):
    plane = await start(EVERYBODY, caller=who)
    async with Stream(plane.port, SOTW) as stream:
        await stream.send(node=TOOL, type_url=type_url, resource_names=names)
        assert (await stream.ending())[0] is code


async def test_a_namespace_may_be_let_in(start):
    plane = await start(XdsSettings(debug_namespaces=("shop",)), caller=caller("shop"))
    async with Stream(plane.port, SOTW) as stream:
        assert (await stream.ask(TYPE, "clusterz")).resources
