"""Reads and writes copies in the Secrets of one namespace. Knows the API server, not what is in a copy."""

from __future__ import annotations

from typing import Any

import structlog

from isthmus.api.core_secret import Secret
from isthmus.control_plane.last_known.packing import Head
from isthmus.control_plane.last_known.secrets import (
    LABEL,
    Found,
    assemble,
    head_body,
    head_name,
    part_body,
    part_names,
)
from isthmus.kube import kinds
from isthmus.kube.client import Client, Query
from isthmus.kube.errors import ApiError

log = structlog.get_logger(__name__)


class CopyStore:
    """All methods raise ``KubeError``; whatever was written until then does no harm."""

    def __init__(self, client: Client, namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    async def read(self) -> Found:
        """Everything that is there. What cannot be used is logged with its cure."""
        listing = await self._client.list(kinds.SECRET, Query(self._namespace, LABEL), into=Secret)
        found = assemble(listing.items)
        for name, problem in found.problems.items():
            log.error(
                "the copy of a remote cluster cannot be used",
                secret=f"{self._namespace}/{name}",
                problem=problem,
                cure="delete the Secret; it is written again when the cluster has been read",
            )
        return found

    async def write(self, head: Head, parts: tuple[bytes, ...]) -> None:
        """Puts a copy in the place of the former one, in one step for whoever reads; its parts stay until deleted."""
        for name, part in zip(part_names(head), parts, strict=True):
            await self._put(part_body(self._namespace, name, part))
        await self._put(head_body(self._namespace, head))

    async def confirm(self, head: Head) -> bool:
        """Writes only the head; False when there is none any more, whose parts are then gone as well."""
        try:
            await self._client.replace(kinds.SECRET, head_body(self._namespace, head))
        except ApiError as error:
            if not error.not_found:
                raise
            return False
        return True

    async def remove(self, head: Head) -> None:
        """Takes a copy away; its head first, so that nobody finds half of it."""
        for name in (head_name(head.cluster), *part_names(head)):
            await self.delete(name)

    async def delete(self, name: str) -> None:
        """Deletes a Secret; one that is gone already is as good."""
        try:
            await self._client.delete(kinds.SECRET, name, namespace=self._namespace)
        except ApiError as error:
            if not error.not_found:
                raise

    async def _put(self, body: dict[str, Any]) -> None:
        """Written with create and update: the control plane's role allows no patch of Secrets."""
        try:
            await self._client.create(kinds.SECRET, body)
        except ApiError as error:
            if not error.already_exists:
                raise
            await self._client.replace(kinds.SECRET, body)
