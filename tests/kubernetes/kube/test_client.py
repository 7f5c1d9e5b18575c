"""Requests of the client against a real API server."""

import msgspec
import pytest

from isthmus.kube import kinds
from isthmus.kube.client import Client, Deletion, Query, Writing
from isthmus.kube.errors import ApiError, UnknownKindError
from isthmus.kube.transport import Call


class Meta(msgspec.Struct, frozen=True):
    name: str
    labels: dict[str, str] = {}


class ConfigMap(msgspec.Struct, frozen=True):
    metadata: Meta
    data: dict[str, str] = {}


def config_map(name: str, namespace: str, **data: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": "x"}},
        "data": data,
    }


async def test_an_object_is_decoded_straight_into_the_callers_record(client: Client, namespace: str) -> None:
    await client.create(kinds.CONFIG_MAP, config_map("a", namespace, key="value"))
    found = await client.get(kinds.CONFIG_MAP, "a", namespace=namespace, into=ConfigMap)
    assert found == ConfigMap(Meta("a", {"app": "x"}), {"key": "value"})


async def test_a_second_create_says_already_exists(client: Client, namespace: str) -> None:
    await client.create(kinds.CONFIG_MAP, config_map("a", namespace))
    with pytest.raises(ApiError) as caught:
        await client.create(kinds.CONFIG_MAP, config_map("a", namespace))
    assert caught.value.already_exists
    assert not caught.value.conflict
    assert caught.value.details.name == "a"


async def test_a_list_of_many_pages_has_every_object_once(client: Client, namespace: str) -> None:
    names = [f"c{index:02}" for index in range(11)]
    for name in names:
        await client.create(kinds.CONFIG_MAP, config_map(name, namespace))
    pages = [
        [item.metadata.name for item in page.items]
        async for page in client.pages(kinds.CONFIG_MAP, Query(namespace), into=ConfigMap, size=4)
    ]
    assert [len(page) for page in pages] == [4, 4, 3]
    assert [name for page in pages for name in page] == names


async def test_selectors_reach_the_server(client: Client, namespace: str) -> None:
    await client.create(kinds.CONFIG_MAP, config_map("a", namespace))
    await client.create(kinds.CONFIG_MAP, {"metadata": {"name": "b", "namespace": namespace}})
    labelled = await client.list(kinds.CONFIG_MAP, Query(namespace, labels="app=x"), into=ConfigMap)
    named = await client.list(kinds.CONFIG_MAP, Query(namespace, fields="metadata.name=b"), into=ConfigMap)
    assert [item.metadata.name for item in labelled.items] == ["a"]
    assert [item.metadata.name for item in named.items] == ["b"]
    assert labelled.resource_version.isdigit()


async def test_a_replace_of_an_old_version_is_a_conflict(client: Client, namespace: str) -> None:
    first = await client.create(kinds.CONFIG_MAP, config_map("a", namespace))
    await client.replace(kinds.CONFIG_MAP, {**first, "data": {"k": "1"}})
    with pytest.raises(ApiError) as caught:
        await client.replace(kinds.CONFIG_MAP, {**first, "data": {"k": "2"}})
    assert caught.value.conflict


async def test_apply_leaves_other_managers_fields_alone(client: Client, namespace: str) -> None:
    await client.apply(kinds.CONFIG_MAP, config_map("a", namespace, mine="1"), writing=Writing(manager="one"))
    theirs = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": namespace},
        "data": {"theirs": "2"},
    }
    result = await client.apply(kinds.CONFIG_MAP, theirs, writing=Writing(manager="two"))
    assert result["data"] == {"mine": "1", "theirs": "2"}


async def test_apply_without_force_is_refused_over_another_managers_field(client: Client, namespace: str) -> None:
    body = config_map("a", namespace, key="1")
    await client.apply(kinds.CONFIG_MAP, body, writing=Writing(manager="one"))
    with pytest.raises(ApiError) as caught:
        await client.apply(
            kinds.CONFIG_MAP, config_map("a", namespace, key="2"), writing=Writing(manager="two", force=False)
        )
    assert caught.value.conflict
    assert caught.value.details.causes[0].field == ".data.key"


async def test_a_status_patch_changes_the_status_only(client: Client, namespace: str) -> None:
    service = {
        "metadata": {"name": "lb", "namespace": namespace},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]},
    }
    await client.create(kinds.SERVICE, service)
    patch = {
        "spec": {"sessionAffinity": "ClientIP"},
        "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}},
    }
    result = await client.merge_patch(
        kinds.SERVICE, "lb", patch, namespace=namespace, writing=Writing(subresource="status")
    )
    assert result["status"]["loadBalancer"]["ingress"][0]["ip"] == "192.0.2.1"
    assert result["spec"]["sessionAffinity"] == "None"


async def test_a_json_patch_edits_one_place(client: Client, namespace: str) -> None:
    await client.create(kinds.CONFIG_MAP, config_map("a", namespace, x="1", y="2"))
    patch = [{"op": "remove", "path": "/data/x"}]
    result = await client.json_patch(kinds.CONFIG_MAP, "a", patch, namespace=namespace)
    assert result["data"] == {"y": "2"}


async def test_a_dry_run_changes_nothing(client: Client, namespace: str) -> None:
    await client.create(kinds.CONFIG_MAP, config_map("a", namespace), writing=Writing(dry_run=True))
    assert await client.find(kinds.CONFIG_MAP, "a", namespace=namespace) is None


async def test_a_delete_with_another_uid_is_refused(client: Client, namespace: str) -> None:
    created = await client.create(kinds.CONFIG_MAP, config_map("a", namespace))
    with pytest.raises(ApiError) as caught:
        await client.delete(
            kinds.CONFIG_MAP, "a", namespace=namespace, options=Deletion(preconditions={"uid": "another"})
        )
    assert caught.value.conflict
    uid = created["metadata"]["uid"]
    await client.delete(kinds.CONFIG_MAP, "a", namespace=namespace, options=Deletion(preconditions={"uid": uid}))
    assert await client.find(kinds.CONFIG_MAP, "a", namespace=namespace) is None


async def test_a_token_is_requested_through_the_subresource(client: Client, namespace: str) -> None:
    await client.create(kinds.SERVICE_ACCOUNT, {"metadata": {"name": "sa", "namespace": namespace}})
    result = await client.create(
        kinds.SERVICE_ACCOUNT,
        {"spec": {"audiences": ["istio-ca"], "expirationSeconds": 600}},
        name="sa",
        namespace=namespace,
        writing=Writing(subresource="token"),
    )
    review = await client.create(
        kinds.TOKEN_REVIEW, {"spec": {"token": result["status"]["token"], "audiences": ["istio-ca"]}}
    )
    assert review["status"]["authenticated"]
    assert review["status"]["user"]["username"] == f"system:serviceaccount:{namespace}:sa"


@pytest.mark.parametrize(
    "kind",
    [
        value
        for value in vars(kinds).values()
        if isinstance(value, kinds.Kind) and not value.group.endswith(("istio.io", "gateway.networking.k8s.io"))
    ],
)
async def test_discovery_agrees_with_the_constants(client: Client, kind: kinds.Kind) -> None:
    assert await client.kind_of(kind.api_version, kind.kind) == kind


async def test_a_kind_is_found_as_soon_as_its_crd_is_installed(client: Client) -> None:
    with pytest.raises(UnknownKindError, match="install its CRD"):
        await client.kind_of("test.isthmus.dev/v1", "Widget")
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    await client.create(
        kinds.CUSTOM_RESOURCE_DEFINITION,
        {
            "metadata": {"name": "widgets.test.isthmus.dev"},
            "spec": {
                "group": "test.isthmus.dev",
                "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
                "scope": "Cluster",
                "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
            },
        },
    )
    expected = kinds.Kind("test.isthmus.dev", "v1", "widgets", "Widget", namespaced=False)
    while True:
        try:
            found = await client.kind_of("test.isthmus.dev/v1", "Widget")
            break
        except UnknownKindError:
            continue
    assert found == expected


async def test_paths_that_are_no_objects_can_be_asked(client: Client) -> None:
    answer = await client.request(Call("GET", "/version"))
    assert msgspec.json.decode(answer.body)["major"] == "1"


async def test_the_kinds_that_can_be_listed_have_their_groups_and_scopes(client: Client) -> None:
    found = set(await client.kinds())
    assert {kinds.NAMESPACE, kinds.CONFIG_MAP, kinds.DEPLOYMENT, kinds.CUSTOM_RESOURCE_DEFINITION} <= found
    assert not any(kind.kind == "TokenReview" for kind in found)
