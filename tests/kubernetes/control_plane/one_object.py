"""An object that a test waits for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from isthmus.kube.client import Client, Query
from isthmus.kube.kinds import Kind
from isthmus.kube.locks import CONFIG_MAP_LOCK
from isthmus.kube.wait import wait_until


class OneObject:
    """An object of the cluster, waited for until it is as it has to be."""

    def __init__(self, client: Client, kind: Kind, name: str, namespace: str = "") -> None:
        self._client = client
        self._kind = kind
        self._key = (namespace, name)

    async def until(self, *path: str | int, is_: object) -> Mapping[str, Any]:
        """Waits for a field to have a value; gives the object."""

        def missing(objects: Mapping[tuple[str, str], Any]) -> str:
            value: Any = objects.get(self._key)
            for step in path:
                try:
                    value = value[step]
                except (KeyError, TypeError, IndexError):
                    value = None
            return "" if value == is_ else f"{path} of {self._key} is {value}, not {is_}"

        return await self._until(missing)

    async def until_led(self, *, by: str) -> None:
        """Waits until the ConfigMap of an election names its leader; empty for nobody."""

        def missing(objects: Mapping[tuple[str, str], Any]) -> str:
            found = objects.get(self._key)
            leader = CONFIG_MAP_LOCK.read(found).holder_identity if found else "nobody yet"
            return "" if leader == by else f"{self._key} is led by {leader!r}, not {by!r}"

        await self._until(missing)

    async def _until(self, missing: Callable[[Mapping[tuple[str, str], Any]], str]) -> Mapping[str, Any]:
        namespace, name = self._key
        query = Query(namespace, fields=f"metadata.name={name}")
        found = await wait_until(self._client, self._kind, query, missing, seconds=30)
        return found[self._key]
