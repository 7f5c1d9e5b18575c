"""How the operator writes: objects, statuses, finalizers.

Knows server-side apply through `isthmus.install`. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec
import structlog

from isthmus.api.wire import Wire
from isthmus.install.apply_objects import MANAGER, apply_all
from isthmus.install.manifests import Identity, identity
from isthmus.install.owned import KINDS, Owned, delete
from isthmus.install.render import Object
from isthmus.kube.client import Client, Writing
from isthmus.kube.errors import ApiError
from isthmus.kube.kinds import Kind
from isthmus.operator.diff import Changes
from isthmus.operator.ownership import FINALIZER
from isthmus.operator.resources.resource import Metadata, Resource
from isthmus.operator.resources.status import Status

S = TypeVar("S", bound=Wire)
T = TypeVar("T", bound=Status)

log = structlog.get_logger(__name__)

_KIND_OF = {kind.kind: kind for kind in KINDS}


class LogProgress:
    """Progress of long work as log lines."""

    def waiting(self, text: str) -> None:
        """Something that may take a while is under way."""
        log.debug("waiting", what=text)

    def finished(self, text: str) -> None:
        """A step is over."""
        log.info("done", what=text)

    def warn(self, text: str) -> None:
        """Something that the user should know."""
        log.warning("note", what=text)


async def carry_out(client: Client, changes: Changes, live: Mapping[Identity, Object]) -> dict[Identity, Object]:
    """Apply and delete; gives the live objects as they are after that.

    Raises InstallError naming the object that the API server refused, and KubeError.
    """
    applied = await apply_all(client, changes.apply, LogProgress())
    for each in changes.delete:
        await delete(client, Owned(_KIND_OF[each.kind], each, ""))
    if changes.apply or changes.delete:
        log.info(
            "changed", applied=[str(identity(found)) for found in changes.apply], deleted=list(map(str, changes.delete))
        )
    result = dict(live) | {identity(found): found for found in applied}
    return {key: found for key, found in result.items() if key not in changes.delete}


async def write_status(client: Client, kind: Kind, found: Resource[S, T], status: T) -> None:
    """Write a status where it differs from the one that is there."""
    if status == found.status:
        return
    written = dict.fromkeys(status.__struct_encode_fields__) | msgspec.to_builtins(status)
    try:
        await client.merge_patch(
            kind, found.name, {"status": written}, writing=Writing(manager=MANAGER, subresource="status")
        )
    except ApiError as problem:
        if not problem.not_found:  # deleted in between
            raise


async def hold(client: Client, kind: Kind, metadata: Metadata) -> None:
    """Make sure that a resource does not disappear before what it made is gone."""
    if FINALIZER not in metadata.finalizers:
        await _write_finalizers(client, kind, metadata, (*metadata.finalizers, FINALIZER))


async def let_go(client: Client, kind: Kind, metadata: Metadata) -> None:
    """Let a deleted resource disappear."""
    try:
        await _write_finalizers(client, kind, metadata, (each for each in metadata.finalizers if each != FINALIZER))
    except ApiError as problem:
        if not problem.not_found:
            raise


async def _write_finalizers(client: Client, kind: Kind, metadata: Metadata, finalizers: Iterable[str]) -> None:
    body = {"metadata": {"finalizers": list(finalizers), "resourceVersion": metadata.resource_version}}
    await client.merge_patch(kind, metadata.name, body, writing=Writing(manager=MANAGER))
