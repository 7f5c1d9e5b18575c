"""Injection webhooks that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from isthmus.analysis.codes import INVALID_WEBHOOK
from isthmus.analysis.finding import Findings, found
from isthmus.analysis.snapshot import Snapshot
from isthmus.api.core_webhook import Webhook, WebhookConfiguration

_SUFFIX = "sidecar-injector.istio.io"


def webhooks(snapshot: Snapshot) -> Findings:
    """IST0139: webhooks of missing services, or without the certificate that the API server needs."""
    if not snapshot.own.live:
        return
    known = {(entry.origin.namespace, entry.origin.name) for entry in snapshot.own.services}
    for entry in snapshot.own.injectors:
        if "istio.io/rev" not in entry.value.metadata.labels:
            continue
        for webhook in injecting(entry.value):
            client = webhook.client_config
            if client.service and (client.service.namespace, client.service.name) not in known:
                name = f"{client.service.namespace}/{client.service.name}"
                text = f"Webhook {webhook.name} refers to a control plane service that does not exist: {name}"
                yield found(INVALID_WEBHOOK, entry.origin, text)
            elif client.service and not client.ca_bundle:
                text = f"Webhook {webhook.name} has no caBundle yet: is the control plane of its revision running?"
                yield found(INVALID_WEBHOOK, entry.origin, text)


def injecting(configuration: WebhookConfiguration) -> Iterator[Webhook]:
    """The webhooks of a configuration that inject proxies."""
    return (webhook for webhook in configuration.webhooks if webhook.name.endswith(_SUFFIX))
