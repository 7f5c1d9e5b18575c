"""Whether an installation is there and ready: what `verify-install` and `install --verify` say.

Knows what an object must have to count as installed. Changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from isthmus.install.manifests import COMPONENT, REVISION, Identity
from isthmus.install.owned import as_owned, owned_objects
from isthmus.install.render import Object
from isthmus.kube import kinds
from isthmus.kube.client import Client
from isthmus.kube.errors import UnknownKindError
from isthmus.kube.kinds import Kind
from isthmus.kube.readiness import missing

_AT_ONCE = 8  # requests; more only queue up in the API server


class Verdict(msgspec.Struct, frozen=True):
    """One object, and what it lacks; nothing when all is well."""

    identity: Identity
    lacking: str


async def of_objects(client: Client, objects: Sequence[Object]) -> list[Verdict]:
    """Verdicts about the objects of a plan, in their order."""
    gate = asyncio.Semaphore(_AT_ONCE)
    return list(await asyncio.gather(*(_planned(client, found, gate) for found in objects)))


async def of_revision(client: Client, revision: str) -> list[Verdict]:
    """Verdicts about what is installed of a revision, with what all revisions share; empty when nothing is."""
    gate = asyncio.Semaphore(_AT_ONCE)
    own = await owned_objects(client, f"{COMPONENT},{REVISION}={revision or 'default'}")
    if not any(owned.component == "Pilot" for owned in own):
        return []
    shared = await owned_objects(client, f"{COMPONENT}=Base")
    chosen = {owned.identity: owned.kind for owned in (*shared, *own) if not owned.controlled}
    return list(await asyncio.gather(*(_live(client, kind, each, gate) for each, kind in chosen.items())))


async def _planned(client: Client, found: Object, gate: asyncio.Semaphore) -> Verdict:
    try:
        kind = await client.kind_of(found["apiVersion"], found["kind"])
    except UnknownKindError as problem:
        metadata = found["metadata"]
        return Verdict(Identity(found["kind"], metadata.get("namespace", ""), metadata["name"]), str(problem))
    return await _live(client, kind, as_owned(kind, found).identity, gate)


async def _live(client: Client, kind: Kind, identity: Identity, gate: asyncio.Semaphore) -> Verdict:
    async with gate:
        live = await client.find(kind, identity.name, namespace=identity.namespace)
    if kind == kinds.SERVICE and live is not None:
        return Verdict(identity, "")  # a LoadBalancer's address is the platform's business
    return Verdict(identity, missing({"kind": kind.kind, **live} if live else None))
