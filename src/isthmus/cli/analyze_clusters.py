"""Reads a mesh from API servers: the own cluster whole, other clusters as far as remote secrets allow.

Knows which kinds analysis looks at and how far another cluster must answer. Does not know what is found in them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from isthmus.analysis.cluster_codes import CLUSTER_UNREACHABLE
from isthmus.analysis.decoding import Located, cluster_id, decode, mesh_settings
from isthmus.analysis.finding import Finding, Origin, found
from isthmus.analysis.remote_secrets import RemoteCluster, may_not_read, remote_clusters
from isthmus.analysis.snapshot import ClusterSnapshot, Snapshot
from isthmus.cli.cluster_objects import CORE_KINDS, ISTIO_KINDS, PATIENCE, list_all, reading
from isthmus.kube.access import Access
from isthmus.kube.client import Client
from isthmus.kube.errors import KubeError


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
    read, findings = await reading(remote, lambda client: _read_core(client, wanted, name=remote.name))
    if read is None:
        return None, findings
    cluster, more = read
    return cluster, [*findings, *may_not_read(remote, cluster.unreadable), *more]


async def _read_context(access: Access, wanted: Wanted) -> _Read:
    origin = Origin(kind="Context", name=access.context)
    try:
        async with Client(access, timeouts=PATIENCE) as client:
            return await _read_core(client, wanted, name="")
    except KubeError as error:
        return None, [found(CLUSTER_UNREACHABLE, origin, access.context, error)]


async def _read_core(client: Client, wanted: Wanted, name: str) -> tuple[ClusterSnapshot, list[Finding]]:
    """The core kinds of another cluster; an empty name is looked up there."""
    objects, unreadable = await list_all(client, CORE_KINDS)
    name = name or cluster_id(objects, wanted.system_namespace)
    return decode(ClusterSnapshot(name=name, configuration=False, unreadable=unreadable), objects)


async def _read_own(client: Client, wanted: Wanted) -> tuple[ClusterSnapshot, list[Finding]]:
    """All kinds of the own cluster, with files laid over them."""
    objects, unreadable = await list_all(client, (*CORE_KINDS, *ISTIO_KINDS))
    objects += wanted.files
    name = cluster_id(objects, wanted.system_namespace)
    return decode(ClusterSnapshot(name=name, unreadable=unreadable), objects)
