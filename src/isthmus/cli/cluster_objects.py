"""Lists of a cluster's objects, and what a remote secret's kubeconfig is good for.

Knows which kinds are looked at and how long another cluster may take. Does not know what is found in them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from isthmus.analysis.decoding import Located
from isthmus.analysis.finding import Finding
from isthmus.analysis.remote_secrets import Failure, RemoteCluster, server_findings, unread
from isthmus.api.kinds import DEFINITIONS
from isthmus.kube import kinds
from isthmus.kube.access import parse_remote
from isthmus.kube.client import Client
from isthmus.kube.errors import AccessError, ApiError, KubeError, UntrustedError
from isthmus.kube.kinds import Kind
from isthmus.kube.transport import Timeouts

T = TypeVar("T")

CORE_KINDS = (
    kinds.CONFIG_MAP,
    kinds.MUTATING_WEBHOOK,
    kinds.NAMESPACE,
    kinds.POD,
    kinds.SECRET,
    kinds.SERVICE,
)
ISTIO_KINDS = tuple(Kind(each.group, each.storage, each.plural, each.kind) for each in DEFINITIONS)
PATIENCE = Timeouts(connect=5, request=20)
"""With clusters that others lead to."""


async def reading(remote: RemoteCluster, read: Callable[[Client], Awaitable[T]]) -> tuple[T | None, list[Finding]]:
    """What ``read`` makes of a client with the secret's kubeconfig, and what is wrong with that kubeconfig."""
    try:
        access = parse_remote(remote.kubeconfig)
    except AccessError as error:
        return None, [unread(remote, Failure.MALFORMED, str(error))]
    findings = list(server_findings(remote, access.server))
    try:
        async with Client(access, timeouts=PATIENCE) as client:
            return await read(client), findings
    except KubeError as error:
        return None, [*findings, unread(remote, failure_of(error), str(error))]


def failure_of(error: KubeError) -> Failure:
    """Which of the ways to fail an error is."""
    if isinstance(error, UntrustedError):
        return Failure.UNTRUSTED
    if isinstance(error, ApiError) and error.status == 401:
        return Failure.REFUSED
    if isinstance(error, ApiError) and error.status == 403:
        return Failure.FORBIDDEN
    return Failure.UNREACHABLE


async def list_all(client: Client, wanted: Iterable[Kind]) -> tuple[list[Located], frozenset[str]]:
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
