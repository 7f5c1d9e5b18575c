"""Keeps the roots' ConfigMaps of one cluster as they must be, in every namespace.

Knows Kubernetes. Does not know what must be where (``root_config_map``), nor which replica may write: whoever runs
it won the election.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence

import msgspec
import structlog

from isthmus.ca.anchors import Anchors
from isthmus.ca.root_config_map import LABELS, Coverage, FoundConfigMap, WantedConfigMap, wanted
from isthmus.kube import kinds
from isthmus.kube.backoff import Backoff
from isthmus.kube.client import Client, Query
from isthmus.kube.errors import ApiError, KubeError
from isthmus.kube.events import Event
from isthmus.kube.reflector import Pace, Reflector, Source

log = structlog.get_logger(__name__)


class _OwnerReference(msgspec.Struct, frozen=True):
    uid: str


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    uid: str = ""
    namespace: str = ""
    labels: dict[str, str] = {}
    deletion_timestamp: str = ""
    owner_references: tuple[_OwnerReference, ...] = ()


class Namespace(msgspec.Struct, frozen=True):
    """A namespace: name and whether it is being deleted."""

    metadata: _Metadata


class ConfigMap(msgspec.Struct, frozen=True):
    """A ConfigMap: labels, owners and data."""

    metadata: _Metadata
    data: dict[str, str] = {}

    @property
    def found(self) -> FoundConfigMap:
        """As the rules see it."""
        metadata = self.metadata
        owners = frozenset(one.uid for one in metadata.owner_references)
        return FoundConfigMap(metadata.namespace, metadata.name, metadata.labels, self.data, owners)


class RootPublisher:
    """Subscribe ``publish`` to the anchors, and ``run`` it while leading."""

    def __init__(self, client: Client, namespace: str, pace: Pace | None = None) -> None:
        """`namespace` is the control plane's own, and must be there for anything to be published."""
        self._client = client
        self._pace = pace
        self._coverage = Coverage(namespace)
        self._work = asyncio.Event()

    def publish(self, anchors: Anchors) -> None:
        """From now on the ConfigMaps hold these."""
        self._coverage.want(wanted(anchors.roots, anchors.crl))
        self._work.set()

    async def run(self) -> None:
        """Works for ever. Deleted and modified ConfigMaps are written again; errors of the API server are retried."""
        labels = ",".join(f"{key}={value}" for key, value in LABELS.items())
        config_maps = Source(kinds.CONFIG_MAP, ConfigMap, Query(labels=labels))
        sinks = _ConfigMaps(self._coverage, self._work.set), _Namespaces(self._coverage, self._work.set)
        maps = Reflector(self._client, config_maps, sinks[0], self._pace)
        namespaces = Reflector(self._client, Source(kinds.NAMESPACE, Namespace), sinks[1], self._pace)
        async with asyncio.TaskGroup() as group:
            group.create_task(maps.run())
            group.create_task(namespaces.run())
            await maps.wait_synced()
            await namespaces.wait_synced()
            group.create_task(self._write_all())

    async def _write_all(self) -> None:
        backoff = Backoff(random.random)
        while True:
            await self._work.wait()
            self._work.clear()
            while (due := self._coverage.take()) is not None:
                namespace, missing = due
                try:
                    await self._write(namespace, missing)
                    backoff.reset()
                except KubeError as error:
                    self._coverage.retry(namespace)
                    log.warning("roots not published, trying again", namespace=namespace, error=str(error))
                    await asyncio.sleep(backoff.next(getattr(error, "retry_after", None)))

    async def _write(self, namespace: str, missing: tuple[WantedConfigMap, ...]) -> None:
        for one in missing:
            try:
                await self._put(one, namespace)
            except ApiError as error:
                if not _is_going(error):
                    raise
                return
            log.debug("roots published", namespace=namespace, config_map=one.name)

    async def _put(self, one: WantedConfigMap, namespace: str) -> None:
        """Creates or updates: a remote cluster's reader may do these, and may not patch (Istio's reader role)."""
        found = await self._client.find(kinds.CONFIG_MAP, one.name, namespace=namespace)
        owner = self._coverage.owner
        if owner is None:  # the control plane's namespace went in this moment
            return
        if found is None:
            await self._client.create(kinds.CONFIG_MAP, one.body(namespace, owner))
        else:
            await self._client.replace(kinds.CONFIG_MAP, one.merged_into(found, owner))


def _is_going(error: ApiError) -> bool:
    """Whether the namespace is being deleted, or is gone: there is nothing to write any more."""
    return error.not_found or any(cause.reason == "NamespaceTerminating" for cause in error.details.causes)


class _ConfigMaps:
    def __init__(self, coverage: Coverage, wake: Callable[[], None]) -> None:
        self._coverage = coverage
        self._wake = wake

    def replace(self, objects: Sequence[ConfigMap]) -> None:
        self._coverage.set_found(one.found for one in objects)
        self._wake()

    def change(self, events: Sequence[Event[ConfigMap]]) -> None:
        for event in events:
            found = event.object.found
            if event.type == "DELETED":
                self._coverage.drop_found(found.namespace, found.name)
            else:
                self._coverage.put_found(found)
        self._wake()


class _Namespaces:
    def __init__(self, coverage: Coverage, wake: Callable[[], None]) -> None:
        self._coverage = coverage
        self._wake = wake

    def replace(self, objects: Sequence[Namespace]) -> None:
        there = [one.metadata for one in objects if not one.metadata.deletion_timestamp]
        self._coverage.set_namespaces({metadata.name: metadata.uid for metadata in there})
        self._wake()

    def change(self, events: Sequence[Event[Namespace]]) -> None:
        for event in events:
            metadata = event.object.metadata
            if event.type == "DELETED" or metadata.deletion_timestamp:
                self._coverage.drop_namespace(metadata.name)
            else:
                self._coverage.put_namespace(metadata.name, metadata.uid)
        self._wake()
