"""Reads a mesh from API servers: the own cluster whole, other clusters as far as remote secrets allow.

Knows which kinds analysis looks at and how far another cluster must answer. Does not know what is found in them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from isthmus.analysis.codes import CLUSTER_UNREACHABLE
from isthmus.analysis.decoding import Located, cluster_id, decode, mesh_settings
from isthmus.analysis.finding import Finding, Origin, found
from isthmus.analysis.remote_secrets import RemoteCluster, malformed, remote_clusters, server_findings
from isthmus.analysis.snapshot import ClusterSnapshot, Snapshot
from isthmus.api.kinds import DEFINITIONS
from isthmus.kube import kinds
from isthmus.kube.access import Access, parse_remote
from isthmus.kube.client import Client
from isthmus.kube.errors import AccessError, ApiError, KubeError
from isthmus.kube.kinds import Kind
from isthmus.kube.transport import Timeouts

_CORE_KINDS = (
    kinds.CONFIG_MAP,
    kinds.MUTATING_WEBHOOK,
    kinds.NAMESPACE,
    kinds.POD,
    kinds.SECRET,
    kinds.SERVICE,
)
_ISTIO_KINDS = tuple(Kind(each.group, each.storage, each.plural, each.kind) for each in DEFINITIONS)
_REMOTE = Timeouts(connect=5, request=20)


class Wanted(msgspec.Struct, frozen=True):
    """What to read: further objects on top of the cluster's, and further clusters besides remote secrets'."""

    system_namespace: str = "istio-system"
    revision: str = ""
    files: tuple[Located, ...] = ()
    contexts: tuple[Access, ...] = ()
    remote: bool = True


async def read_mesh(client: Client, wanted: Wanted) -> Snapshot:
    """The snapshot of the mesh around one cluster. Raises ``KubeError`` when that cluster cannot be read."""
    own, findings = await _read_own(client, wanted)
    remotes, more = remote_clusters(own, wanted.system_namespace) if wanted.remote else ([], [])
    findings = [*findings, *more]
    clusters = [own]
    for cluster, reported in await _read_others(remotes, wanted):
        clusters += [cluster] if cluster and cluster.name not in {known.name for known in clusters} else []
        findings += reported
    config, networks, problems = mesh_settings(own, wanted.system_namespace, wanted.revision)
    return Snapshot(
        clusters=tuple(clusters),
        system_namespace=wanted.system_namespace,
        mesh=config,
        networks=networks,
        reading=(*findings, *problems),
    )


_Read = tuple[ClusterSnapshot | None, list[Finding]]


async def _read_others(remotes: Sequence[RemoteCluster], wanted: Wanted) -> list[_Read]:
    by_secret = [_read_remote(remote, wanted) for remote in remotes]
    by_context = [_read_context(access, wanted) for access in wanted.contexts]
    return list(await asyncio.gather(*by_secret, *by_context))


async def _read_remote(remote: RemoteCluster, wanted: Wanted) -> _Read:
    try:
        access = parse_remote(remote.kubeconfig)
    except AccessError as error:
        return None, [malformed(remote, str(error))]
    findings = list(server_findings(remote, access.server))
    try:
        async with Client(access, timeouts=_REMOTE) as client:
            cluster, more = await _read_core(client, wanted, name=remote.name)
    except KubeError as error:
        return None, [*findings, found(CLUSTER_UNREACHABLE, remote.origin, remote.name, error)]
    return cluster, [*findings, *more]


async def _read_context(access: Access, wanted: Wanted) -> _Read:
    origin = Origin(kind="Context", name=access.context)
    try:
        async with Client(access, timeouts=_REMOTE) as client:
            return await _read_core(client, wanted, name="")
    except KubeError as error:
        return None, [found(CLUSTER_UNREACHABLE, origin, access.context, error)]


async def _read_core(client: Client, wanted: Wanted, name: str) -> tuple[ClusterSnapshot, list[Finding]]:
    """The core kinds of another cluster; an empty name is looked up there."""
    objects, unreadable = await _list_all(client, _CORE_KINDS)
    name = name or cluster_id(objects, wanted.system_namespace)
    return decode(ClusterSnapshot(name=name, configuration=False, unreadable=unreadable), objects)


async def _read_own(client: Client, wanted: Wanted) -> tuple[ClusterSnapshot, list[Finding]]:
    """All kinds of the own cluster, with files laid over them."""
    objects, unreadable = await _list_all(client, (*_CORE_KINDS, *_ISTIO_KINDS))
    objects += wanted.files
    name = cluster_id(objects, wanted.system_namespace)
    return decode(ClusterSnapshot(name=name, unreadable=unreadable), objects)


async def _list_all(client: Client, wanted: Iterable[Kind]) -> tuple[list[Located], frozenset[str]]:
    """All objects of some kinds, and the kinds that may not be read. Kinds that are not served are left out."""
    objects: list[Located] = []
    unreadable: set[str] = set()
    for kind in wanted:
        try:
            listing = await client.list(kind)
        except ApiError as error:
            if error.status == 403:
                unreadable.add(kind.kind)
            elif not error.not_found:
                raise
            continue
        head: dict[str, Any] = {"apiVersion": kind.api_version, "kind": kind.kind}
        objects += [Located(head | item) for item in listing.items]
    return objects, frozenset(unreadable)
