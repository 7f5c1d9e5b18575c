"""Injection webhooks as the API server meets them, and what becomes of a pod that needs a proxy."""

from __future__ import annotations

from isthmus.analysis.finding import Findings, Origin, found
from isthmus.analysis.webhooks import injecting
from isthmus.api.core_webhook import ServiceReference, Webhook
from isthmus.checks.codes import (
    INJECTION_FAILS,
    NOT_INJECTED,
    POD_REFUSED,
    WEBHOOK_SERVICE_MISSING,
    WEBHOOK_WITHOUT_CA,
    WEBHOOK_WITHOUT_ENDPOINTS,
)
from isthmus.checks.facts import Fleet, Member, Probe

_REVISION = "istio.io/rev"
_CALL_FAILED = "failed calling webhook"


def injection(fleet: Fleet) -> Findings:
    """ISM0230 to ISM0235."""
    for member in fleet.members:
        for entry in member.snapshot.injectors:
            revision = entry.value.metadata.labels.get(_REVISION, "default")
            for webhook in injecting(entry.value):
                yield from _webhook(member, entry.origin, webhook, revision)
        for probe in member.probes:
            yield from _probe(member, probe)


def _webhook(member: Member, origin: Origin, webhook: Webhook, revision: str) -> Findings:
    service = webhook.client_config.service
    if service is None:
        return
    name = f"{service.namespace}/{service.name}"
    services = {(entry.origin.namespace, entry.origin.name) for entry in member.snapshot.services}
    if (service.namespace, service.name) not in services:
        if "Service" not in member.snapshot.unreadable:
            yield found(WEBHOOK_SERVICE_MISSING, origin, webhook.name, name, member.option, origin.name)
    elif "EndpointSlice" not in member.snapshot.unreadable and not _ready(member, service):
        yield found(WEBHOOK_WITHOUT_ENDPOINTS, origin, webhook.name, name, member.option, service.namespace)
    if not webhook.client_config.ca_bundle:
        yield found(WEBHOOK_WITHOUT_CA, origin, webhook.name, revision)


def _ready(member: Member, service: ServiceReference) -> bool:
    slices = (each for each in member.slices if each.metadata.namespace == service.namespace)
    return any(
        endpoint.conditions.ready is not False and endpoint.addresses
        for each in slices
        if each.service == service.name
        for endpoint in each.endpoints
    )


def _probe(member: Member, probe: Probe) -> Findings:
    origin = probe.namespace
    if _CALL_FAILED in probe.refusal:
        yield found(INJECTION_FAILS, origin, probe.refusal)
    elif probe.refusal:
        yield found(POD_REFUSED, origin, probe.refusal)
    elif not probe.injected:
        labels = member.snapshot.namespace_labels(origin.name)
        asking = (f"{key}={labels[key]}" for key in ("istio-injection", _REVISION) if key in labels)
        yield found(NOT_INJECTED, origin, ", ".join(asking), member.option)
