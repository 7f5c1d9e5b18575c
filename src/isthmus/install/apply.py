"""A plan to a cluster: applied in waves, waited for, pruned.

Knows server-side apply, the order of components and what counts as ready.
Does not know how plans come about; nothing is written before the whole plan is rendered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import groupby

import msgspec

from isthmus.install.apply_objects import MANAGER, apply_all
from isthmus.install.default_revision import default_objects
from isthmus.install.manifests import labelled, ordered
from isthmus.install.plan import Part, Plan
from isthmus.install.progress import Progress
from isthmus.install.prune import prune
from isthmus.install.ready import wait_for_workloads
from isthmus.install.render import Object
from isthmus.install.revision_tags import DEFAULT_TAG, TAG, deactivated, is_injector
from isthmus.install.value_tree import at
from isthmus.kube import kinds
from isthmus.kube.client import Client, Query, Writing
from isthmus.kube.errors import ApiError
from isthmus.kube.transport import Call


class Wave(msgspec.Struct, frozen=True):
    """Components that are applied together, and must be ready before the next wave."""

    titles: tuple[str, ...]
    objects: tuple[Object, ...]


async def install(client: Client, plan: Plan, readiness_seconds: float, progress: Progress) -> None:
    """Apply a plan and wait until it is ready.

    Raises UnreachableError at once when nobody answers, ApiError naming the object that was refused, and
    WaitTimeoutError saying what is not ready and why.
    """
    progress.waiting("an answer of the API server")
    await client.request(Call("GET", "/version", timeout=10))
    waves = await _waves(client, plan)
    await _ensure_namespaces(client, plan)
    for wave in waves:
        await apply_all(client, wave.objects, progress)
        await wait_for_workloads(client, wave.objects, readiness_seconds, progress)
        for title in wave.titles:
            progress.finished(f"{title} installed")
    await prune(client, plan, [found for wave in waves for found in wave.objects], progress)


async def _waves(client: Client, plan: Plan) -> Sequence[Wave]:
    becomes_default = await _becomes_default(client, plan)
    waves = []
    for _, grouped in groupby(plan.parts, key=lambda part: part.component.sort.wave):
        parts = [part for part in grouped if part.component.enabled]
        found = [each for part in parts for each in _labelled(plan, part, becomes_default=becomes_default)]
        waves.append(Wave(tuple(part.component.title for part in parts), tuple(ordered(found))))
    return waves


async def _becomes_default(client: Client, plan: Plan) -> bool:
    """Without revision always; with one, when no other revision is the default yet."""
    if not plan.installation.revision:
        return True
    tags = await client.list(kinds.MUTATING_WEBHOOK, Query(labels=f"{TAG}={DEFAULT_TAG}"))
    return all(found["metadata"]["labels"].get("istio.io/rev") == plan.installation.revision for found in tags.items)


def _labelled(plan: Plan, part: Part, *, becomes_default: bool) -> list[Object]:
    found = list(part.objects)
    if part.component.sort.field == "pilot" and becomes_default:
        tags = default_objects(plan)
        if tags and not plan.installation.revision:
            found = [deactivated(each) if is_injector(each) else each for each in found]
        found += tags
    return [labelled(each, plan.owner, part.component.sort.label) for each in found]


async def _ensure_namespaces(client: Client, plan: Plan) -> None:
    """Create the namespaces of the plan; only a new one gets the network's label, an existing one is the user's."""
    names = {part.component.namespace for part in plan.parts if part.objects} | {plan.installation.namespace}
    await asyncio.gather(*(_ensure_namespace(client, plan, name) for name in sorted(names)))


async def _ensure_namespace(client: Client, plan: Plan, name: str) -> None:
    network = str(at(plan.installation.values, "global", "network") or "")
    is_system = name == plan.installation.namespace
    labels = {"topology.istio.io/network": network} if network and is_system else {}
    try:
        body = {"metadata": {"name": name, "labels": labels}}
        await client.create(kinds.NAMESPACE, body, writing=Writing(manager=MANAGER))
    except ApiError as problem:
        if not problem.already_exists:
            raise
