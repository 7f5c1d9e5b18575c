"""An injection webhook that cannot be called: `check` says so with the API server's words."""

from typing import Any

from two_clusters import Clusters

from isthmus.kube import kinds
from isthmus.kube.client import Query
from isthmus.lab.apiserver import free_ports


def webhook(clusters: Clusters, client: dict[str, Any], policy: str = "Fail") -> dict[str, Any]:
    """An injector of the test's own namespace."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    hook = {
        "name": "namespace.sidecar-injector.istio.io",
        "clientConfig": client,
        "rules": [rule],
        "failurePolicy": policy,
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 2,
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": clusters.one.apps}},
    }
    return {"metadata": {"labels": {"istio.io/rev": "default"}}, "webhooks": [hook]}


async def test_a_webhook_that_refuses_connections_is_told_with_the_api_servers_message(clusters: Clusters) -> None:
    await clusters.one.label(clusters.one.apps, {"istio-injection": "enabled"})
    (closed,) = free_ports(1)
    client = {"url": f"https://127.0.0.1:{closed}/inject"}
    name = clusters.one.namespace
    await clusters.one.create(kinds.MUTATING_WEBHOOK, name, **webhook(clusters, client))
    assert "connection refused" in await clusters.until_found("ISM0233", f"Namespace {clusters.one.apps}")
    pods = await clusters.one.client.list(kinds.POD, Query(clusters.one.apps))
    assert pods.items == ()


async def test_a_webhook_that_ignores_failures_leaves_pods_without_proxy(clusters: Clusters) -> None:
    await clusters.one.label(clusters.one.apps, {"istio-injection": "enabled"})
    (closed,) = free_ports(1)
    client = {"url": f"https://127.0.0.1:{closed}/inject"}
    name = clusters.one.namespace
    await clusters.one.create(kinds.MUTATING_WEBHOOK, name, **webhook(clusters, client, "Ignore"))
    assert "istio-injection=enabled" in await clusters.until_found("ISM0235", f"Namespace {clusters.one.apps}")


async def test_a_webhook_without_service_or_without_endpoints_or_ca_is_found(clusters: Clusters) -> None:
    name = clusters.one.namespace
    client = {"service": {"name": "istiod", "namespace": name, "path": "/inject"}}
    await clusters.one.create(kinds.MUTATING_WEBHOOK, name, **webhook(clusters, client))
    about = f"MutatingWebhookConfiguration {name}"
    assert {("ISM0230", "c1", about), ("ISM0232", "c1", about)} <= await clusters.findings()

    await clusters.one.create(kinds.SERVICE, "istiod", spec={"ports": [{"port": 443}]})
    found = await clusters.findings()
    assert ("ISM0231", "c1", about) in found
    assert ("ISM0230", "c1", about) not in found


async def test_a_namespace_without_the_root_certificate_is_found(clusters: Clusters) -> None:
    await clusters.one.label(clusters.one.apps, {"istio-injection": "enabled"})
    assert ("ISM0107", "c1", f"Namespace {clusters.one.apps}") in await clusters.findings()
