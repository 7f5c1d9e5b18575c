"""Which remote clusters this control plane writes to: those whose administrators say so.

Rule: the annotation ``topology.istio.io/controlPlaneClusters`` on the cluster's istio-system namespace, a list of
clusters that hold a control plane, or ``*`` (Istio's multicluster controller reads it once; here changes count).
Does not know what is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import NoReturn

import structlog

from isthmus.api.core_namespace import Namespace
from isthmus.collections import Change, Collection
from isthmus.control_plane.settings import Settings, words
from isthmus.derive.sources import ClusterName
from isthmus.kube.client import Client

log = structlog.get_logger(__name__)

ANNOTATION = "topology.istio.io/controlPlaneClusters"


def names_cluster(namespace: Namespace | None, cluster: str) -> bool:
    """Whether the namespace's annotation asks for the control plane of a cluster."""
    annotation = namespace.metadata.annotations.get(ANNOTATION, "") if namespace else ""
    return not {cluster, "*"}.isdisjoint(words(annotation))


class RemoteWrites:
    """``write`` works in one cluster until it is cancelled; ``namespaces`` are those of all clusters."""

    def __init__(
        self,
        settings: Settings,
        namespaces: Collection[ClusterName, Namespace],
        write: Callable[[Client], Awaitable[object]],
    ) -> None:
        self._settings = settings
        self._namespaces = namespaces
        self._write = write
        self._waiting: dict[asyncio.Event, str] = {}  # what waits for a cluster's annotation to change
        namespaces.observe(self._changed)

    async def serve(self, cluster: str, client: Client) -> NoReturn:
        """Writes whenever the cluster asks for it, until cancelled."""
        while True:
            if not self._is_asked(cluster):
                log.info(
                    "remote cluster is only read: its namespace does not name this control plane",
                    cluster=cluster,
                    namespace=self._settings.namespace,
                    annotation=f"{ANNOTATION}={self._settings.cluster_id}",
                )
            await self._until(cluster, asked=True)
            log.info("remote cluster gets roots and CA bundles from here", cluster=cluster)
            async with asyncio.TaskGroup() as tasks:
                work = tasks.create_task(self._work(client))
                await self._until(cluster, asked=False)
                work.cancel()

    async def _work(self, client: Client) -> None:
        await self._write(client)

    async def _until(self, cluster: str, *, asked: bool) -> None:
        while self._is_asked(cluster) is not asked:
            changed = asyncio.Event()
            self._waiting[changed] = cluster
            try:
                await changed.wait()
            finally:
                del self._waiting[changed]

    def _is_asked(self, cluster: str) -> bool:
        namespace = self._namespaces.get((cluster, self._settings.namespace))
        return names_cluster(namespace, self._settings.cluster_id)

    def _changed(self, changes: Mapping[ClusterName, Change[Namespace]]) -> None:
        clusters = {cluster for cluster, name in changes if name == self._settings.namespace}
        for event, cluster in self._waiting.items():
            if cluster in clusters:
                event.set()
