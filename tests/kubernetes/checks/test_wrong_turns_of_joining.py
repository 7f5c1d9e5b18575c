"""Mistakes in joining two clusters: `check` names each with its object and its cure, and changes nothing."""

import pytest
from two_clusters import INJECTOR, NETWORK, ROOT, Clusters, with_token

from isthmus.cli.check import FOUND_ERRORS
from isthmus.kube import kinds
from isthmus.lab.apiserver import free_ports


async def test_clusters_that_nothing_joins_have_no_findings_and_stay_as_they_are(clusters: Clusters) -> None:
    before = await clusters.one.everything(), await clusters.two.everything()
    assert await clusters.findings() == set()
    assert (await clusters.one.everything(), await clusters.two.everything()) == before


async def test_a_cluster_that_a_secret_names_is_looked_at_without_a_context_for_it(clusters: Clusters) -> None:
    await clusters.one.secret("join", c2=clusters.two.server.kubeconfig)
    result = await clusters.check("--context c1 -o json")
    assert '"name": "c2"' in result.stdout
    assert '"context": "c1"' in result.stdout


async def test_a_key_with_an_underscore_is_told_with_the_name_that_the_cluster_has(clusters: Clusters) -> None:
    await clusters.one.secret("join", remote_kubecfg=clusters.two.server.kubeconfig)
    found = await clusters.findings()
    assert {("ISM0203", "c1", "Secret join"), ("ISM0204", "c1", "Secret join")} <= found
    told = await clusters.texts("ISM0203")
    assert "remote_kubecfg leads to a cluster whose proxies call it c2" in told
    assert "create-remote-secret --context=c2 --name=c2 | kubectl --context=c1 apply -f -" in told


async def test_a_second_secret_and_a_second_key_for_a_cluster_are_found(clusters: Clusters) -> None:
    to_two = clusters.two.server.kubeconfig
    await clusters.one.secret("a-first", c2=to_two)
    await clusters.one.secret("b-again", c2=to_two)
    await clusters.one.secret("c-other", other=to_two)
    found = await clusters.findings()
    assert ("ISM0103", "c1", "Secret b-again") in found
    assert ("ISM0202", "c1", "Secret c-other") in found
    assert {code for code, _, about in found if about == "Secret a-first"} == {"ISM0110"}


async def test_the_own_clusters_secret_is_found_under_its_name_and_under_another(clusters: Clusters) -> None:
    await clusters.one.secret("own", c1=clusters.one.server.kubeconfig, else_=clusters.one.server.kubeconfig)
    found = await clusters.findings()
    assert {("ISM0102", "c1", "Secret own"), ("ISM0201", "c1", "Secret own")} <= found


async def test_each_way_in_which_a_credential_fails_is_told_apart(clusters: Clusters) -> None:
    one, two = clusters.one, clusters.two
    (closed,) = free_ports(1)
    await one.secret("garbled", a="clusters: [")
    await one.secret("closed", b=with_token(f"https://127.0.0.1:{closed}", two.server.authority, "t"))
    await one.secret("untrusted", c=with_token(two.server.url, one.server.authority, "t"))
    await one.secret("refused", d=two.with_token("of-nobody"))
    await one.secret("unbound", e=await two.account_kubeconfig())
    found = await clusters.findings()
    expected = {"garbled": "ISM0101", "closed": "ISM0104", "untrusted": "ISM0117", "refused": "ISM0115"}
    for secret, code in {**expected, "unbound": "ISM0116"}.items():
        assert {each for each, _, about in found if about == f"Secret {secret}"} - {"ISM0110"} == {code}, secret
    assert "EndpointSlice, Namespace, Node, Pod, Service" in await clusters.texts("ISM0116")


async def test_a_kubeconfig_that_leads_to_the_own_machine_is_found(clusters: Clusters) -> None:
    await clusters.one.secret("join", c2=clusters.two.server.kubeconfig)
    assert ("ISM0110", "c1", "Secret join") in await clusters.findings()
    assert f"The API server of cluster c2 is {clusters.two.server.url}" in await clusters.texts("ISM0110")


async def test_roots_that_differ_are_told_with_both_fingerprints(clusters: Clusters) -> None:
    other = {"data": {"root-cert.pem": clusters.two.server.authority.decode()}}
    await clusters.two.client.merge_patch(kinds.CONFIG_MAP, ROOT, other, namespace=clusters.two.namespace)
    assert ("ISM0105", "c1", f"ConfigMap {ROOT}") in await clusters.findings()
    assert "(SHA-256 " in await clusters.texts("ISM0105")


async def test_a_cluster_without_network_label_and_a_network_without_gateway_are_found(clusters: Clusters) -> None:
    await clusters.one.label(clusters.one.namespace, {NETWORK: clusters.one.namespace})
    namespace = f"Namespace {clusters.one.namespace}"
    assert {("ISM0106", "c1", namespace), ("ISM0109", "c2", namespace)} <= await clusters.findings()


async def test_a_gateway_without_an_address_and_without_pods_is_found(clusters: Clusters) -> None:
    await clusters.one.label(clusters.one.namespace, {NETWORK: clusters.one.namespace})
    spec = {"type": "LoadBalancer", "selector": {"istio": "eastwestgateway"}, "ports": [{"name": "tls", "port": 15443}]}
    labels = {NETWORK: clusters.one.namespace}
    await clusters.one.create(kinds.SERVICE, "istio-eastwestgateway", metadata={"labels": labels}, spec=spec)
    about = "Service istio-eastwestgateway"
    assert {("ISM0108", "c1", about), ("ISM0222", "c1", about)} <= await clusters.findings()
    assert "<pending>" in await clusters.texts("ISM0108")


async def test_services_that_contradict_each_other_and_a_missing_one_are_found(clusters: Clusters) -> None:
    one, two = clusters.one, clusters.two
    for each in (one, two):
        await each.label(each.apps, {"istio-injection": "enabled"})
    await one.service("web", {"name": "http", "port": 80})
    await two.service("web", {"name": "tcp", "port": 80})
    await one.service("db", {"name": "tcp", "port": 1})
    await two.service("db", {"name": "tcp", "port": 2}, clusterIP="None")
    await one.service("only", {"name": "http", "port": 80})
    found = await clusters.findings()
    assert {("ISM0241", "c2", "Service web"), ("ISM0242", "c2", "Service web")} <= found
    assert {("ISM0240", "c2", "Service db"), ("ISM0243", "c2", "Service db")} <= found
    assert ("ISM0112", "c1", "Service only") in found


async def test_clusters_of_one_name_are_found(clusters: Clusters) -> None:
    injector = await clusters.one.client.get(kinds.CONFIG_MAP, INJECTOR, namespace=clusters.one.namespace)
    data = {"data": injector["data"]}
    await clusters.two.client.merge_patch(kinds.CONFIG_MAP, INJECTOR, data, namespace=clusters.two.namespace)
    assert "Two clusters are both called c1" in await clusters.texts("ISM0210")


async def test_errors_make_the_command_fail_and_people_get_a_table_with_cures(clusters: Clusters) -> None:
    await clusters.one.secret("garbled", a="clusters: [")
    result = await clusters.check()
    assert result.exit_code == FOUND_ERRORS
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["LEVEL", "CODE", "CLUSTER", "OBJECT", "FINDING"]
    assert any(
        line.startswith("Error") and f"Secret {clusters.one.namespace}/garbled data[a]" in line for line in lines
    )
    assert "  cure:  Make the secret again with 'istioctl create-remote-secret --name=a'." in lines


@pytest.mark.parametrize("arguments", ["--contexts c1,nowhere", "--context nowhere"])
async def test_a_context_that_does_not_exist_is_named(clusters: Clusters, arguments: str) -> None:
    result = await clusters.check(arguments)
    assert result.exit_code == 1
    assert 'context "nowhere" does not exist' in result.stderr
