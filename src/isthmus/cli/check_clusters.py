"""Looks at clusters for ``check``: reads their objects, tries their remote secrets, creates pods as dry runs.

Knows what is looked at, and changes nothing anywhere. Does not know what is found in it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import msgspec

from isthmus.analysis.decoding import InjectorValues, Located, cluster_id, decode, injector_values, mesh_settings
from isthmus.analysis.finding import Finding
from isthmus.analysis.remote_secrets import RemoteCluster, declared, may_not_read
from isthmus.analysis.snapshot import ClusterSnapshot
from isthmus.api.core_endpoint_slice import EndpointSlice
from isthmus.checks.facts import Fleet, Link, Member
from isthmus.checks.reports import reported_names
from isthmus.cli.check_injection import probes
from isthmus.cli.check_words import words
from isthmus.cli.cluster_objects import CORE_KINDS, ISTIO_KINDS, PATIENCE, list_all, reading
from isthmus.kube import kinds
from isthmus.kube.access import Access
from isthmus.kube.client import Client
from isthmus.kube.errors import ApiError
from isthmus.kube.transport import Call

_NEEDED_KINDS = (kinds.ENDPOINT_SLICE, kinds.NAMESPACE, kinds.NODE, kinds.POD, kinds.SERVICE)
Telling = Callable[[str], None]


class Wanted(msgspec.Struct, frozen=True):
    """The contexts to begin with, and where control planes are. Others are reached through remote secrets."""

    contexts: tuple[Access, ...]
    system_namespace: str
    tell: Telling


class Look(msgspec.Struct, frozen=True):
    """How to call a cluster that says no name itself, the context it was named by, and whether to try pods there."""

    fallback: str
    context: str = ""


async def look_at_fleet(wanted: Wanted) -> Fleet:
    """All that can be seen. Raises ``KubeError`` when a cluster that a context names cannot be read."""
    named = [_look_by_context(access, wanted) for access in wanted.contexts]
    members = _distinct(await asyncio.gather(*named))
    known = {member.uid for member in members}
    beyond = {link.uid: link for member in members for link in member.links if link.uid and link.uid not in known}
    more = await asyncio.gather(*(_look_by_link(link, wanted) for link in beyond.values()))
    return Fleet((*members, *(member for member in more if member)), wanted.system_namespace)


def _distinct(members: list[Member]) -> list[Member]:
    """Two contexts may lead to one cluster."""
    return list({member.uid: member for member in reversed(members)}.values())[::-1]


async def _look_by_context(access: Access, wanted: Wanted) -> Member:
    wanted.tell(f"the cluster of context {access.context}")
    async with Client(access, timeouts=PATIENCE) as client:
        member = await _look(client, wanted, Look(access.context, access.context))
        tried = asyncio.gather(
            probes(client, member.snapshot, wanted.system_namespace),
            words(client, member.name, wanted.system_namespace),
        )
        tested, said = await tried
        return msgspec.structs.replace(member, probes=tested, words=said)


async def _look_by_link(link: Link, wanted: Wanted) -> Member | None:
    wanted.tell(f"cluster {link.remote.name}, with the credential of {link.remote.origin}")
    member, _ = await reading(link.remote, lambda client: _look(client, wanted, Look(link.remote.name)))
    return member


async def _look(client: Client, wanted: Wanted, look: Look) -> Member:
    uid, ahead = await _uid(client), await _ahead(client)
    objects, unreadable = await list_all(client, (*CORE_KINDS, *ISTIO_KINDS, kinds.ENDPOINT_SLICE))
    injectors = injector_values(objects, wanted.system_namespace)
    name = cluster_id(objects, wanted.system_namespace) if injectors else look.fallback
    snapshot, _ = decode(ClusterSnapshot(name=name, unreadable=unreadable), objects)
    mesh, networks, _ = mesh_settings(snapshot, wanted.system_namespace)
    remotes = declared(snapshot, wanted.system_namespace)
    return Member(
        snapshot=snapshot,
        uid=uid,
        context=look.context,
        reported=reported_names(objects, injectors),
        injector=injectors[0] if injectors else InjectorValues(),
        mesh=mesh,
        networks=networks,
        slices=_slices(objects),
        links=tuple(await asyncio.gather(*(_try(remote) for remote in remotes))),
        ahead=ahead,
    )


def _slices(objects: list[Located]) -> tuple[EndpointSlice, ...]:
    written = (entry.written for entry in objects if entry.written["kind"] == kinds.ENDPOINT_SLICE.kind)
    return tuple(msgspec.convert(each, EndpointSlice) for each in written)


async def _uid(client: Client) -> str:
    return str((await client.get(kinds.NAMESPACE, "kube-system"))["metadata"]["uid"])


async def _ahead(client: Client) -> float | None:
    """Seconds by which the API server's clock is ahead of ours; its Date header has whole seconds."""
    asked = time.time()
    answer = await client.request(Call("GET", "/version"))
    between = (asked + time.time()) / 2
    date = answer.headers.get("Date")
    return parsedate_to_datetime(date).timestamp() + 0.5 - between if date else None


async def _try(remote: RemoteCluster) -> Link:
    """What a control plane meets with this key's kubeconfig."""
    told, findings = await reading(remote, lambda client: _met(client, remote))
    uid, more = told or ("", [])
    return Link(remote, uid, (*findings, *more))


async def _met(client: Client, remote: RemoteCluster) -> tuple[str, list[Finding]]:
    unreadable = [kind.kind for kind in _NEEDED_KINDS if not await _readable(client, kind)]
    return ("" if "Namespace" in unreadable else await _uid(client)), list(may_not_read(remote, unreadable))


async def _readable(client: Client, kind: kinds.Kind) -> bool:
    try:
        await client.request(Call("GET", kind.path(), params=(("limit", "1"),)))
    except ApiError as error:
        if error.status == 403:
            return False
        raise
    return True
