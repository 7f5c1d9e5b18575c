"""Objects to a cluster by server-side apply, kind after kind.

Knows what must exist before what, and what of a live object is kept. Does not know components.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import groupby

from isthmus.install.errors import InstallError
from isthmus.install.manifests import identity
from isthmus.install.progress import Progress
from isthmus.install.render import Object
from isthmus.kube import kinds
from isthmus.kube.client import Client, Query, Writing
from isthmus.kube.errors import ApiError, UnknownKindError
from isthmus.kube.kinds import Kind
from isthmus.kube.readiness import missing
from isthmus.kube.wait import Objects, wait_gone, wait_until

MANAGER = "istio-operator"

_AT_ONCE = 8  # requests; more only queue up in the API server
_ESTABLISHING_SECONDS = 60.0
_DISAPPEARING_SECONDS = 120.0


async def apply_all(client: Client, objects: Sequence[Object], progress: Progress) -> list[Object]:
    """Apply objects that are in order, those of one kind together; gives them as they are in the cluster now.

    Raises InstallError naming the object that the API server refuses, and why.
    """
    gate = asyncio.Semaphore(_AT_ONCE)
    result: list[Object] = []
    for kind_name, group in groupby(objects, key=lambda found: found["kind"]):
        same = list(group)
        progress.waiting(f"{kind_name} {', '.join(found['metadata']['name'] for found in same[:3])} to be applied")
        applied = await asyncio.gather(*(_apply(client, found, gate) for found in same))
        if kind_name == "CustomResourceDefinition":
            await _established(client, applied, progress)
        result += applied
    return result


async def _apply(client: Client, found: Object, gate: asyncio.Semaphore) -> Object:
    async with gate:
        try:
            kind = await client.kind_of(found["apiVersion"], found["kind"])
            kept = await keeping_failure_policy(client, kind, found)
            return await _applied(client, kind, kept)
        except (ApiError, UnknownKindError) as problem:
            raise InstallError(f"{identity(found)}: {problem}") from None


async def _applied(client: Client, kind: Kind, found: Object) -> Object:
    """Apply; an object that is being deleted is applied again when it is gone, or it would be lost."""
    applied = await client.apply(kind, found, writing=Writing(manager=MANAGER))
    if "deletionTimestamp" not in applied["metadata"]:
        return applied
    name, namespace = found["metadata"]["name"], str(found["metadata"].get("namespace") or "")
    await wait_gone(client, kind, name, namespace=namespace, seconds=_DISAPPEARING_SECONDS)
    return await client.apply(kind, found, writing=Writing(manager=MANAGER))


async def keeping_failure_policy(client: Client, kind: Kind, found: Object) -> Object:
    """A validator with its live policy: it starts with Ignore, and the control plane's Fail is not taken back."""
    if kind != kinds.VALIDATING_WEBHOOK:
        return found
    live = await client.find(kind, found["metadata"]["name"])
    policies = {webhook["name"]: webhook.get("failurePolicy") for webhook in (live or {}).get("webhooks") or ()}
    webhooks = [
        {**webhook, "failurePolicy": policies.get(webhook["name"]) or webhook["failurePolicy"]}
        for webhook in found["webhooks"]
    ]
    return {**found, "webhooks": webhooks}


async def _established(client: Client, applied: Sequence[Object], progress: Progress) -> None:
    """Wait until new CRDs are served: their objects are refused before."""
    new = {found["metadata"]["name"] for found in applied if missing(found)}

    def lacking(objects: Objects) -> str:
        left = sorted(name for name in new if missing(objects.get(("", name))))
        return f"{len(left)} CRDs to be established" if left else ""

    if new:
        await wait_until(
            client,
            kinds.CUSTOM_RESOURCE_DEFINITION,
            Query(),
            lacking,
            seconds=_ESTABLISHING_SECONDS,
            progress=progress.waiting,
        )
