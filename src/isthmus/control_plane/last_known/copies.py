"""The copies that were there when this process started, until the clusters themselves are read."""

from __future__ import annotations

import random
from asyncio import sleep
from collections.abc import Collection

import structlog

from isthmus.collections import Batch
from isthmus.control_plane.last_known.packing import DamagedCopyError, origin_of, unpack
from isthmus.control_plane.last_known.rows import batch_of
from isthmus.control_plane.last_known.secrets import Stored
from isthmus.control_plane.last_known.store import CopyStore
from isthmus.control_plane.remote_secrets import RemoteCluster
from isthmus.derive.sources import Sources
from isthmus.kube.backoff import Backoff
from isthmus.kube.errors import ApiError, KubeError

log = structlog.get_logger(__name__)

_TRIES = 5
"""Answers that the API server may give in vain; while it gives none at all, nothing else could start either."""


class Copies:
    """Reads all copies once, and gives each for as long as nothing newer is known."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._stored: dict[str, Stored] = {}

    async def load(self, store: CopyStore) -> None:
        """Without copies the control plane works as well, so this ends at some time also when none can be read."""
        backoff, answers = Backoff(random.random, first=0.2, longest=5.0), 0
        while answers < _TRIES:
            try:
                found = await store.read()
            except KubeError as error:
                log.warning("copies of remote clusters cannot be read", error=str(error))
                if isinstance(error, ApiError):
                    answers += _TRIES if error.status in (401, 403) else 1
                await sleep(backoff.next())
            else:
                self._stored = dict(found.copies)
                return

    def find(self, remote: RemoteCluster) -> Copy | None:
        """The copy of exactly this cluster: one of another API server of the same name is none."""
        stored = self._stored.get(remote.id)
        if stored is None or stored.head.origin != origin_of(remote.access):
            return None
        return Copy(stored, self._sources)

    def keep_only(self, declared: Collection[str]) -> None:
        """Forgets copies of clusters that are not part of the mesh any more."""
        self._stored = {cluster: stored for cluster, stored in self._stored.items() if cluster in declared}

    def forget(self, cluster: str) -> None:
        """Something newer is known of the cluster, or it is gone."""
        self._stored.pop(cluster, None)


class Copy:
    """One cluster's copy. ``as_of`` is in seconds since the epoch, ``uid`` tells which cluster it is."""

    def __init__(self, stored: Stored, sources: Sources) -> None:
        self.uid = stored.head.uid
        self.as_of = stored.head.as_of
        self._stored = stored
        self._sources = sources

    def batch(self) -> Batch | None:
        """What brings its rows into the graph; None, and a line in the log, when this version cannot read them."""
        cluster = self._stored.head.cluster
        try:
            rows = unpack(self._stored.parts)
        except DamagedCopyError as error:
            problem = str(error)
        else:
            return batch_of(self._sources, cluster, rows)
        log.error("the copy of a remote cluster cannot be used", cluster=cluster, problem=problem)
        return None
