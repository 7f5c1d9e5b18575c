"""Keeps the statuses of all objects of the Gateway API as they must be, for as long as it runs.

Knows Kubernetes. Does not know what a status says, nor which replica may write: whoever runs it won the election.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import structlog

from isthmus.kube import kinds
from isthmus.kube.backoff import Backoff
from isthmus.kube.client import Client, Writing
from isthmus.kube.errors import ApiError, KubeError
from isthmus.kube.events import Event
from isthmus.kube.kinds import Kind
from isthmus.kube.reflector import Pace, Reflector, Source
from isthmus.kube.timestamps import format_time
from isthmus.model.status import Status, StatusKey
from isthmus.status.wire import merged

log = structlog.get_logger(__name__)

KINDS = (
    kinds.GATEWAY_CLASS,
    kinds.KUBERNETES_GATEWAY,
    kinds.HTTP_ROUTE,
    kinds.GRPC_ROUTE,
    kinds.TLS_ROUTE,
    kinds.TCP_ROUTE,
)
_STATUS = Writing(manager="isthmus-status", subresource="status")


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    namespace: str = ""
    resource_version: str = ""


class _Found(msgspec.Struct, frozen=True):
    metadata: _Metadata
    status: dict[str, Any] = {}


class StatusWriter:
    """Give ``changed`` to whoever knows the statuses, and ``run`` it while leading."""

    def __init__(
        self,
        client: Client,
        wanted: Callable[[StatusKey], Status | None],
        controllers: frozenset[str],
        pace: Pace | None = None,
    ) -> None:
        self._client = client
        self._wanted = wanted
        self._controllers = controllers
        self._pace = pace
        self._found: dict[StatusKey, _Found] = {}
        self._due: dict[StatusKey, None] = {}
        self._work = asyncio.Event()

    def changed(self, keys: Iterable[StatusKey]) -> None:
        """These statuses have to be looked at again."""
        self._due.update(dict.fromkeys(keys))
        self._work.set()

    async def run(self) -> None:
        """Works for ever. What others overwrite is written again; errors of the API server are retried."""
        self._found.clear()
        async with asyncio.TaskGroup() as group:
            for kind in KINDS:
                source = Source(kind, _Found, optional=True)
                group.create_task(Reflector(self._client, source, _Sink(kind, self), self._pace).run())
            group.create_task(self._write_all())

    def replace(self, kind: Kind, found: Mapping[StatusKey, _Found]) -> None:
        """All objects of a kind."""
        for key in [key for key in self._found if key.kind == kind.kind]:
            del self._found[key]
        self._found.update(found)
        self.changed(found)

    def update(self, changes: Mapping[StatusKey, _Found | None]) -> None:
        """Objects that changed; None for one that is gone."""
        for key, found in changes.items():
            if found is None:
                self._found.pop(key, None)
            else:
                self._found[key] = found
        self.changed(changes)

    async def _write_all(self) -> None:
        backoff = Backoff(random.random)
        while True:
            await self._work.wait()
            self._work.clear()
            while self._due:
                key = next(iter(self._due))
                del self._due[key]
                try:
                    await self._write(key)
                    backoff.reset()
                except KubeError as error:
                    self._due[key] = None
                    log.warning("status not written, trying again", object=_text(key), error=str(error))
                    await asyncio.sleep(backoff.next(getattr(error, "retry_after", None)))

    async def _write(self, key: StatusKey) -> None:
        found = self._found.get(key)
        if found is None:
            return
        status = merged(key, self._wanted(key), found.status, format_time(time.time()), self._controllers)
        if status == found.status or (not found.status and not any(status.values())):
            return
        kind = next(one for one in KINDS if one.kind == key.kind)
        # The version makes sure that nothing is undone that somebody else wrote in the meantime.
        patch = {"metadata": {"resourceVersion": found.metadata.resource_version}, "status": status}
        try:
            await self._client.merge_patch(kind, key.name, patch, namespace=key.namespace, writing=_STATUS)
        except ApiError as error:
            if not (error.conflict or error.not_found):
                raise
            # It has changed or gone: the watch tells, and it is looked at again.


class _Sink:
    def __init__(self, kind: Kind, writer: StatusWriter) -> None:
        self._kind = kind
        self._writer = writer

    def replace(self, objects: Sequence[_Found]) -> None:
        self._writer.replace(self._kind, {self._key(one): one for one in objects})

    def change(self, events: Sequence[Event[_Found]]) -> None:
        self._writer.update(
            {self._key(event.object): None if event.type == "DELETED" else event.object for event in events}
        )

    def _key(self, found: _Found) -> StatusKey:
        return StatusKey(self._kind.kind, found.metadata.namespace, found.metadata.name)


def _text(key: StatusKey) -> str:
    return f"{key.kind} {key.namespace}/{key.name}" if key.namespace else f"{key.kind} {key.name}"
