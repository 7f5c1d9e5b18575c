"""Keeps the CA bundle in webhook configurations of this control plane's revision.

Rules: Istio's webhook patch controllers. Configurations are found by the label ``istio.io/rev``, whatever their
name. Injection webhooks are those whose name ends with ``sidecar-injector.istio.io``; validation
configurations carry the bundle in every webhook, and fail closed once the webhook has proved that it answers.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import structlog

from isthmus.kube.backoff import Backoff
from isthmus.kube.client import Client, Query, Writing
from isthmus.kube.errors import ApiError, KubeError
from isthmus.kube.events import Event
from isthmus.kube.kinds import GATEWAY, MUTATING_WEBHOOK, VALIDATING_WEBHOOK, Kind
from isthmus.kube.reflector import Reflector, Source

log = structlog.get_logger(__name__)

REVISION_LABEL = "istio.io/rev"
INJECTOR_SUFFIX = "sidecar-injector.istio.io"
ALWAYS_REJECT = "internal.istio.io/webhook-always-reject"

Object = Mapping[str, Any]
Patch = list[dict[str, Any]]


def injection_patch(configuration: Object, bundle: bytes) -> Patch:
    """JSON patch that gives every injection webhook the bundle; empty when all have it."""
    return [
        _set_bundle(position, bundle)
        for position, webhook in enumerate(configuration.get("webhooks") or ())
        if str(webhook.get("name", "")).endswith(INJECTOR_SUFFIX) and not _has_bundle(webhook, bundle)
    ]


def validation_patch(configuration: Object, bundle: bytes, *, fail_closed: bool) -> Patch:
    """JSON patch that gives every webhook the bundle and, once it answers, ``failurePolicy: Fail``."""
    patch: Patch = []
    for position, webhook in enumerate(configuration.get("webhooks") or ()):
        if not _has_bundle(webhook, bundle):
            patch.append(_set_bundle(position, bundle))
        if fail_closed and webhook.get("failurePolicy") != "Fail":
            patch.append({"op": "add", "path": f"/webhooks/{position}/failurePolicy", "value": "Fail"})
    return patch


def rejected_gateway(namespace: str, revision: str) -> dict[str, Any]:
    """An object that a working validation webhook must refuse."""
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {
            "name": "invalid-gateway",
            "namespace": namespace,
            "labels": {REVISION_LABEL: revision},
            "annotations": {ALWAYS_REJECT: "true"},
        },
        "spec": {},
    }


def patched_kinds(*, injection: str, validation: str) -> tuple[Kind, ...]:
    """By the names in the settings: in Istio's master only whether they are empty counts."""
    return (MUTATING_WEBHOOK,) * bool(injection) + (VALIDATING_WEBHOOK,) * bool(validation)


class WebhookPatcher:
    """Watches the webhook configurations of one cluster and patches those of one revision."""

    def __init__(self, client: Client, namespace: str, revision: str, bundle: Callable[[], bytes]) -> None:
        self._client = client
        self._namespace = namespace
        self._revision = revision
        self._bundle = bundle
        self._known: dict[tuple[Kind, str], Object] = {}
        self._changed = asyncio.Event()
        self._answers = False
        self._failing = Backoff(random.random, first=0.1, longest=60.0)
        self._asking = Backoff(random.random, first=0.1, longest=60.0)

    def bundle_changed(self) -> None:
        """The roots changed: everything is looked at again."""
        self._changed.set()

    async def run(self, kinds: Iterable[Kind]) -> None:
        """Patches configurations of these kinds until cancelled."""
        query = Query(labels=f"{REVISION_LABEL}={self._revision}")
        async with asyncio.TaskGroup() as tasks:
            for kind in kinds:
                source = Source(kind, dict[str, Any], query)
                tasks.create_task(
                    Reflector(self._client, source, _KnownObjects(kind, self._known, self._changed)).run()
                )
            tasks.create_task(self._work())

    async def _work(self) -> None:
        while True:
            self._changed.clear()
            delay = await self._look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._changed.wait()

    async def _look(self) -> float | None:
        """Patches what needs it. Seconds until the next look; None to wait for a change."""
        try:
            await self._patch_all()
            if self._is_unproven and await self._is_refused():
                self._answers = True
                await self._patch_all()
        except KubeError as error:
            log.warning("webhook configurations could not be patched, trying again", error=str(error))
            return self._failing.next()
        self._failing.reset()
        return self._asking.next() if self._is_unproven else None

    @property
    def _is_unproven(self) -> bool:
        """Whether the validation webhook has yet to show that it answers."""
        return not self._answers and any(kind is VALIDATING_WEBHOOK for kind, _ in self._known)

    async def _patch_all(self) -> None:
        bundle = self._bundle()
        for (kind, name), configuration in tuple(self._known.items()):
            if kind is MUTATING_WEBHOOK:
                patch = injection_patch(configuration, bundle)
            else:
                patch = validation_patch(configuration, bundle, fail_closed=self._answers)
            if patch:
                await self._client.json_patch(kind, name, patch)
                log.info("webhook configuration patched", kind=kind.kind, name=name)

    async def _is_refused(self) -> bool:
        """Whether the API server lets the webhook refuse an object (dry run)."""
        body = rejected_gateway(self._namespace, self._revision)
        try:
            await self._client.create(GATEWAY, body, writing=Writing(dry_run=True))
        except ApiError as error:
            return error.not_found or "denied the request" in str(error)
        return False


class _KnownObjects:
    def __init__(self, kind: Kind, known: dict[tuple[Kind, str], Object], changed: asyncio.Event) -> None:
        self._kind = kind
        self._known = known
        self._changed = changed

    def replace(self, objects: Sequence[Object]) -> None:
        for key in [key for key in self._known if key[0] is self._kind]:
            del self._known[key]
        for item in objects:
            self._known[self._kind, item["metadata"]["name"]] = item
        self._changed.set()

    def change(self, events: Sequence[Event[Object]]) -> None:
        for event in events:
            key = (self._kind, event.object["metadata"]["name"])
            if event.type == "DELETED":
                self._known.pop(key, None)
            else:
                self._known[key] = event.object
        self._changed.set()


def _has_bundle(webhook: Object, bundle: bytes) -> bool:
    return bool(webhook.get("clientConfig", {}).get("caBundle") == base64.b64encode(bundle).decode())


def _set_bundle(position: int, bundle: bytes) -> dict[str, Any]:
    path = f"/webhooks/{position}/clientConfig/caBundle"
    return {"op": "add", "path": path, "value": base64.b64encode(bundle).decode()}
