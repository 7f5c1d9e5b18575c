"""Plans applied to a real API server. It runs no controllers, so Deployments stay unready here."""

import asyncio
import secrets
from typing import Any

import pytest

from isthmus.install import remove
from isthmus.install.apply import install
from isthmus.install.errors import InstallError
from isthmus.install.merge_order import Request
from isthmus.install.operator_file import parse
from isthmus.install.owned import owned_objects
from isthmus.install.plan import Plan, plan
from isthmus.kube import kinds
from isthmus.kube.access import load_kubeconfig
from isthmus.kube.client import Client, Writing
from isthmus.kube.errors import ApiError, UnreachableError, WaitTimeoutError
from isthmus.kube.transport import Call
from isthmus.lab.apiserver import ApiServer
from isthmus.shipped import shipped

HEAD = "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\n"
REMOTE = "spec: {profile: remote, values: {global: {network: network2, remotePilotAddress: 192.0.2.7}}}"


class Recorder:
    """Remembers what the user would see."""

    def __init__(self) -> None:
        self.waits: list[str] = []
        self.done: list[str] = []

    def waiting(self, text: str) -> None:
        self.waits.append(text)

    def finished(self, text: str) -> None:
        self.done.append(text)

    def warn(self, text: str) -> None:
        raise AssertionError(text)


def planned(text: str, namespace: str, *settings: str) -> Plan:
    return plan(Request(shipped("charts"), (parse(HEAD + text, "test.yaml"),), settings, istio_namespace=namespace))


@pytest.fixture
def namespace() -> str:
    return f"mesh-{secrets.token_hex(4)}"


async def names(client: Client) -> set[str]:
    return {str(owned.identity) for owned in await owned_objects(client, "operator.istio.io/component")}


async def test_a_remote_cluster_is_installed_in_order_and_completely(client: Client, namespace: str) -> None:
    progress = Recorder()
    wanted = planned(REMOTE, namespace)
    await install(client, wanted, 30, progress)
    assert progress.done == ["Base installed", "Control plane installed"]
    assert {f"{found['kind']} {found['metadata']['name']}" for found in wanted.objects} <= {
        f"{kind} {path.rpartition('/')[2]}" for kind, _, path in (name.partition(" ") for name in await names(client))
    }


async def test_a_new_namespace_gets_the_network_and_an_existing_one_keeps_its_labels(
    client: Client, namespace: str
) -> None:
    await install(client, planned(REMOTE, namespace), 30, Recorder())
    labels = (await client.get(kinds.NAMESPACE, namespace))["metadata"]["labels"]
    assert labels["topology.istio.io/network"] == "network2"

    own = f"{namespace}-own"
    await client.create(kinds.NAMESPACE, {"metadata": {"name": own}})
    await install(client, planned(REMOTE, own), 30, Recorder())
    assert "topology.istio.io/network" not in (await client.get(kinds.NAMESPACE, own))["metadata"]["labels"]


async def test_a_second_run_changes_nothing(client: Client, namespace: str) -> None:
    async def versions() -> dict[str, str]:
        found = [await client.get(kinds.MUTATING_WEBHOOK, f"istio-revision-tag-default-{namespace}")]
        found += [await client.get(kinds.CONFIG_MAP, "values", namespace=namespace)]
        found += [await client.get(kinds.CUSTOM_RESOURCE_DEFINITION, "gateways.networking.istio.io")]
        return {each["metadata"]["name"]: each["metadata"]["resourceVersion"] for each in found}

    await install(client, planned(REMOTE, namespace), 30, Recorder())
    before = await versions()
    await install(client, planned(REMOTE, namespace), 30, Recorder())
    assert await versions() == before


async def test_the_default_tag_answers_and_the_injector_behind_it_does_not(client: Client, namespace: str) -> None:
    await install(client, planned(REMOTE, namespace), 30, Recorder())
    tag = await client.get(kinds.MUTATING_WEBHOOK, f"istio-revision-tag-default-{namespace}")
    assert len(tag["webhooks"]) == 4
    assert tag["webhooks"][0]["namespaceSelector"]["matchExpressions"]
    injector = await client.get(kinds.MUTATING_WEBHOOK, f"istio-sidecar-injector-{namespace}")
    assert injector["webhooks"][0]["namespaceSelector"]["matchLabels"] == {"istio.io/deactivated": "never-match"}


async def test_a_second_revision_does_not_take_the_default(client: Client, namespace: str) -> None:
    await install(client, planned(REMOTE, namespace), 30, Recorder())
    await install(client, planned(REMOTE, namespace, "revision=canary"), 30, Recorder())
    tag = await client.get(kinds.MUTATING_WEBHOOK, f"istio-revision-tag-default-{namespace}")
    assert tag["metadata"]["labels"]["istio.io/rev"] == "default"
    canary = await client.get(kinds.MUTATING_WEBHOOK, f"istio-sidecar-injector-canary-{namespace}")
    assert canary["webhooks"][0]["namespaceSelector"]["matchExpressions"]


async def test_what_the_control_plane_wrote_into_webhooks_stays(client: Client, namespace: str) -> None:
    await install(client, planned(REMOTE + "\n", namespace, "values.global.configCluster=true"), 30, Recorder())
    name = f"istio-validator-{namespace}"
    live = await client.get(kinds.VALIDATING_WEBHOOK, name)
    live["webhooks"][0]["failurePolicy"] = "Fail"
    await client.replace(kinds.VALIDATING_WEBHOOK, live)
    await install(client, planned(REMOTE + "\n", namespace, "values.global.configCluster=true"), 30, Recorder())
    after = await client.get(kinds.VALIDATING_WEBHOOK, name)
    assert after["webhooks"][0]["failurePolicy"] == "Fail"


async def test_a_control_plane_that_does_not_become_ready_is_named_with_the_reason(
    client: Client, namespace: str
) -> None:
    progress = Recorder()
    with pytest.raises(WaitTimeoutError, match=rf"after 0.5 s: Deployment {namespace}/istiod .*no pod was created"):
        await install(client, planned("spec: {profile: minimal}", namespace), 0.5, progress)
    assert progress.done == ["Base installed"]
    assert any(f"Deployment {namespace}/istiod" in text for text in progress.waits)


async def test_a_refused_object_is_named_and_later_ones_are_not_applied(client: Client, namespace: str) -> None:
    broken = "spec: {profile: minimal, components: {pilot: {k8s: {resources: {requests: {cpu: lots}}}}}}"
    with pytest.raises(InstallError, match=rf"^Deployment {namespace}/istiod: .*quantities must match"):
        await install(client, planned(broken, namespace), 1, Recorder())
    assert not any("WebhookConfiguration" in name for name in await names(client))


async def test_nothing_is_applied_to_a_cluster_that_does_not_answer(apiserver: ApiServer, namespace: str) -> None:
    deaf = apiserver.kubeconfig.replace(apiserver.url, "https://127.0.0.1:1")
    async with Client(load_kubeconfig(deaf)) as client:
        with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:1"):
            await install(client, planned(REMOTE, namespace), 30, Recorder())


def gateway(name: str, *, metadata: str = "", enabled: bool = True) -> str:
    component = f"{{name: {name}, enabled: {str(enabled).lower()}}}"
    section = "gateways: {istio-ingressgateway: {injectionTemplate: gateway}}"
    return f"{metadata}spec: {{profile: empty, components: {{ingressGateways: [{component}]}}, values: {{{section}}}}}"


async def apply_gateway(client: Client, text: str, namespace: str) -> None:
    """The gateway's objects; that its pods never run is no matter here."""
    with pytest.raises(WaitTimeoutError):
        await install(client, planned(text, namespace), 0.1, Recorder())


async def test_the_stable_profile_refuses_what_is_not_stable_and_goes_with_a_purge(
    client: Client, namespace: str
) -> None:
    await install(
        client,
        planned("spec: {profile: empty, components: {base: {}}, values: {profile: stable}}", namespace),
        1,
        Recorder(),
    )
    envoy_filter = {"apiVersion": "networking.istio.io/v1alpha3", "kind": "EnvoyFilter"}
    rule = {"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule"}

    async def refusal(head: dict[str, Any], spec: dict[str, Any]) -> str:
        kind = await client.kind_of(head["apiVersion"], head["kind"])
        body = {**head, "metadata": {"name": "x", "namespace": "default"}, "spec": spec}
        try:
            await client.create(kind, body, writing=Writing(dry_run=True))
        except ApiError as problem:
            return problem.message
        return ""

    async with asyncio.timeout(30):
        while "EnvoyFilter is not part of the stable API" not in await refusal(envoy_filter, {}):
            pass  # a new policy takes a moment to reach the API server's admission
    assert await refusal(rule, {"host": "a"}) == ""
    await remove.remove(client, await remove.everything(client), Recorder())
    listed = await client.request(Call("GET", "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"))
    assert b"stable-channel" not in listed.body


async def test_two_unnamed_files_do_not_delete_each_others_gateways(client: Client, namespace: str) -> None:
    await apply_gateway(client, gateway("one"), namespace)
    await apply_gateway(client, gateway("two"), namespace)
    disabled = planned(gateway("three", enabled=False), namespace)
    await install(client, disabled, 1, Recorder())
    assert {f"Service {namespace}/one", f"Service {namespace}/two"} <= await names(client)


async def test_a_gateway_that_is_switched_off_goes(client: Client, namespace: str) -> None:
    await apply_gateway(client, gateway("one"), namespace)
    progress = Recorder()
    await install(client, planned(gateway("one", enabled=False), namespace), 1, progress)
    assert not [name for name in await names(client) if f"{namespace}/one" in name]
    assert f"Service {namespace}/one removed: it is no longer part of this installation" in progress.done


async def test_a_named_file_owns_all_that_carries_its_name(client: Client, namespace: str) -> None:
    mine = "metadata: {name: mine}\n"
    await apply_gateway(client, gateway("one", metadata=mine), namespace)
    await apply_gateway(client, gateway("other"), namespace)
    await install(client, planned(mine + "spec: {profile: empty}", namespace), 1, Recorder())
    left = await names(client)
    assert f"Service {namespace}/one" not in left
    assert f"Service {namespace}/other" in left


async def test_purging_leaves_the_namespace_and_what_is_not_ours(client: Client, namespace: str) -> None:
    await install(client, planned(REMOTE, namespace), 30, Recorder())
    own: list[tuple[kinds.Kind, dict[str, Any]]] = [
        (kinds.SECRET, {"metadata": {"name": "cacerts", "namespace": namespace}}),
        (kinds.CONFIG_MAP, {"metadata": {"name": "istio-ca-root-cert", "namespace": namespace}}),
    ]
    for kind, body in own:
        await client.create(kind, body)
    await remove.remove(client, await remove.everything(client), Recorder())
    assert await names(client) == set()
    for kind, body in own:
        assert await client.find(kind, body["metadata"]["name"], namespace=namespace)
    assert await client.find(kinds.NAMESPACE, namespace)


async def test_removing_a_revision_leaves_the_others_and_the_crds(client: Client, namespace: str) -> None:
    await install(client, planned(REMOTE, namespace), 30, Recorder())
    await install(client, planned(REMOTE, namespace, "revision=canary"), 30, Recorder())
    await remove.remove(client, await remove.of_revision(client, "canary"), Recorder())
    left = await names(client)
    assert not [name for name in left if "canary" in name]
    assert f"ConfigMap {namespace}/values" in left
    assert "CustomResourceDefinition gateways.networking.istio.io" in left


async def test_removing_a_file_takes_its_objects_only(client: Client, namespace: str) -> None:
    await install(client, planned(REMOTE, namespace), 30, Recorder())
    text = gateway("one", metadata="metadata: {name: mine}\n")
    await apply_gateway(client, text, namespace)
    found = await remove.of_plan(client, planned(text, namespace))
    await remove.remove(client, found, Recorder())
    left = await names(client)
    assert not [name for name in left if f"{namespace}/one" in name]
    assert f"ConfigMap {namespace}/values" in left
