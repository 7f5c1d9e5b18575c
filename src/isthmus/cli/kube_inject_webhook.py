"""Asking a cluster's injection webhook about a pod, as the API server would.

Knows: webhook configurations, admission reviews, and how a webhook is reached from outside of the cluster.
Serves ``kube-inject`` in clusters whose control plane, and with it the templates, is elsewhere.
"""

from __future__ import annotations

import base64
import json
import ssl
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import click

from isthmus.inject import metadata
from isthmus.inject.errors import InjectionError
from isthmus.inject.owner import Owner
from isthmus.inject.patch import applied

if TYPE_CHECKING:
    from isthmus.api.core_webhook import WebhookClient
    from isthmus.cli.options import Target

Json = dict[str, Any]

_SUFFIX = "sidecar-injector.istio.io"
_TIMEOUT_SECONDS = 10.0


async def webhook_of(target: Target, name: str) -> WebhookClient:
    """Where the webhook of a configuration is; a click error when there is none."""
    from isthmus.api.core_webhook import WebhookConfiguration
    from isthmus.kube import kinds
    from isthmus.kube.errors import ApiError

    async with target.client() as client:
        try:
            found = await client.get(kinds.MUTATING_WEBHOOK, name, into=WebhookConfiguration)
        except ApiError as error:
            if not error.not_found:
                raise
            raise click.ClickException(f"MutatingWebhookConfiguration {name} does not exist") from None
    hooks = [hook for hook in found.webhooks if hook.name.endswith(_SUFFIX)]
    if not hooks:
        raise click.ClickException(f"MutatingWebhookConfiguration {name} has no webhook *.{_SUFFIX}")
    return hooks[0].client_config


async def ask(target: Target, webhook: WebhookClient, pod: Json, owner: Owner) -> Json:
    """The pod as the webhook wants it; InjectionError with its reason when it refuses."""
    sent = _as_created(pod, owner)
    review = {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {"uid": "kube-inject", "operation": "CREATE", "namespace": owner.namespace, "object": sent},
    }
    body = json.dumps(review).encode()
    answer = _post(webhook, body) if webhook.url else await _post_to_service(target, webhook, body)
    response = json.loads(answer)["response"]
    if not response["allowed"]:
        raise InjectionError(str((response.get("status") or {}).get("message", "refused by the webhook")))
    operations = json.loads(base64.b64decode(response.get("patch") or "W10="))
    return _as_written(applied(sent, operations), pod)


def _as_created(pod: Json, owner: Owner) -> Json:
    """The pod as a controller would create it: owned, and to be injected whatever the policy is."""
    reference = {"apiVersion": owner.api_version, "kind": owner.kind, "name": owner.name, "controller": True}
    marked = metadata.labelled(pod, {metadata.INJECT: "true"})
    meta = {**marked["metadata"], "namespace": owner.namespace or "default"}
    return {**marked, "metadata": meta if owner.kind == "Pod" else {**meta, "ownerReferences": [reference]}}


def _as_written(pod: Json, before: Json) -> Json:
    """The pod without what it was marked with."""
    earlier = before.get("metadata") or {}
    meta = {name: value for name, value in pod["metadata"].items() if name not in ("ownerReferences", "namespace")}
    kept = {name: earlier[name] for name in ("ownerReferences", "namespace") if name in earlier}
    own = {metadata.INJECT: metadata.labels_of(before).get(metadata.INJECT)}
    return metadata.labelled({**pod, "metadata": {**meta, **kept}}, own)


def _post(webhook: WebhookClient, body: bytes) -> bytes:
    context = ssl.create_default_context(cadata=webhook.ca_bundle.decode() if webhook.ca_bundle else None)
    if not webhook.url.startswith("https://"):
        raise click.ClickException(f"the webhook's URL {webhook.url!r} is not https")
    request = urllib.request.Request(webhook.url, body, {"Content-Type": "application/json"})  # noqa: S310 -- checked
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS, context=context) as answer:  # noqa: S310
            found: bytes = answer.read()
            return found
    except (urllib.error.URLError, TimeoutError) as error:
        raise click.ClickException(f"the webhook {webhook.url} does not answer: {error}") from None


async def _post_to_service(target: Target, webhook: WebhookClient, body: bytes) -> bytes:
    """Through the API server's service proxy: the way in that everybody with a kubeconfig has."""
    from isthmus.kube.transport import Call

    service = webhook.service
    if service is None:
        raise click.ClickException("the webhook configuration names neither a URL nor a service")
    where = f"/api/v1/namespaces/{service.namespace}/services/https:{service.name}:{service.port}/proxy"
    async with target.client() as client:
        return (await client.request(Call("POST", f"{where}{service.path}", body=body))).body
