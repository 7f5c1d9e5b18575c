"""Taking an installation out of a cluster.

Knows what belongs to a revision, to a file, to everything. What users made, or cannot be made again, stays:
namespaces, `cacerts`, and `istio-ca-secret`, whose root running proxies trust.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import groupby

from isthmus.install.manifests import COMPONENT, REVISION
from isthmus.install.owned import Owned, as_owned, delete, of_kind, owned_objects
from isthmus.install.plan import Plan
from isthmus.install.progress import Progress
from isthmus.kube import kinds
from isthmus.kube.client import Client, Query
from isthmus.kube.errors import ApiError, UnknownKindError
from isthmus.kube.transport import Call
from isthmus.kube.wait import Objects, wait_until

_SHARED = "Base"  # what all revisions of a cluster use
_DISAPPEARING_SECONDS = 120.0
CONTROL_PLANES = Query(labels="app=istiod")
_ROOTS = "istio.io/config=true"
_COPIES = "isthmus.io/last-known-cluster"
_CLASSES = "gateway.istio.io/managed=istio.io-gateway-controller"
_ELECTION = Query(fields="metadata.name=istio-namespace-controller-election")
"""The election that is held on a ConfigMap; earlier releases held it on a Lease."""
_ELECTIONS = (
    "istio-namespace-controller-election",
    "istio-gateway-status-leader",
    "istio-gateway-deployment",
    "isthmus-last-known-clusters",
)
"""What names of Leases begin with; a revision may follow."""


async def everything(client: Client) -> list[Owned]:
    """All objects of all installations: what `--purge` deletes."""
    await client.request(Call("GET", "/version", timeout=10))
    return await owned_objects(client, COMPONENT)


async def traces(client: Client, progress: Progress) -> list[Owned]:
    """What control planes left that were removed: the roots in every namespace, and what their elections were held on.

    Waits until they have ended, since they write both as long as they run. Where another one is left, nothing goes.
    """
    if await of_kind(client, kinds.DEPLOYMENT, CONTROL_PLANES):
        return []
    await wait_until(
        client, kinds.POD, CONTROL_PLANES, _ended, seconds=_DISAPPEARING_SECONDS, progress=progress.waiting
    )
    return await published(client)


async def published(client: Client) -> list[Owned]:
    """What control planes write on their own account.

    Roots in every namespace, classes of Gateways, copies of remote clusters, and what elections are held on.
    """
    roots = await of_kind(client, kinds.CONFIG_MAP, Query(labels=_ROOTS))
    locks = await of_kind(client, kinds.CONFIG_MAP, _ELECTION)
    copies = await of_kind(client, kinds.SECRET, Query(labels=_COPIES))
    leases = await of_kind(client, kinds.LEASE, Query())
    classes = await of_kind(client, kinds.GATEWAY_CLASS, Query(labels=_CLASSES))
    elections = [lease for lease in leases if lease.identity.name.startswith(_ELECTIONS)]
    return [*roots, *locks, *classes, *copies, *elections]


def _ended(objects: Objects) -> str:
    return f"{len(objects)} control plane pods to end" if objects else ""


async def of_revision(client: Client, revision: str) -> list[Owned]:
    """The objects of one revision, without what other revisions share."""
    await client.request(Call("GET", "/version", timeout=10))
    found = await owned_objects(client, f"{COMPONENT},{REVISION}={revision or 'default'}")
    return [owned for owned in found if owned.component != _SHARED]


async def of_plan(client: Client, plan: Plan) -> list[Owned]:
    """The objects of a file that exist, without CRDs: they hold other people's resources."""
    await client.request(Call("GET", "/version", timeout=10))
    found = []
    for wanted in reversed(plan.objects):
        if wanted["kind"] == "CustomResourceDefinition":
            continue
        try:
            kind = await client.kind_of(wanted["apiVersion"], wanted["kind"])
            owned = as_owned(kind, wanted)
            await client.get(kind, owned.identity.name, namespace=owned.identity.namespace)
        except UnknownKindError:
            continue
        except ApiError as problem:
            if problem.not_found:
                continue
            raise
        found.append(owned)
    return found


async def remove(client: Client, objects: Sequence[Owned], progress: Progress) -> None:
    """Delete objects in their order, those of one kind together."""
    for kind, group in groupby(objects, key=lambda owned: owned.kind):
        same = list(group)
        progress.waiting(f"{len(same)} {kind.kind} objects to be deleted")
        await asyncio.gather(*(delete(client, owned) for owned in same))
        if kind == kinds.CUSTOM_RESOURCE_DEFINITION:
            await _definitions_gone(client, same, progress)
        for owned in same:
            progress.finished(f"{owned.identity} removed")


async def _definitions_gone(client: Client, definitions: Sequence[Owned], progress: Progress) -> None:
    """A CRD goes after its objects; one that is applied again before is lost when it goes."""
    names = {owned.identity.name for owned in definitions}

    def lacking(objects: Objects) -> str:
        left = [name for _, name in objects if name in names]
        return f"{len(left)} CRDs and their objects to be deleted" if left else ""

    await wait_until(
        client,
        kinds.CUSTOM_RESOURCE_DEFINITION,
        Query(),
        lacking,
        seconds=_DISAPPEARING_SECONDS,
        progress=progress.waiting,
    )
