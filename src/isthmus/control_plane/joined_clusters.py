"""All clusters that this process works with: the own one, and those that Secrets declare."""

from __future__ import annotations

from typing import Any

import structlog

from isthmus.control_plane.api_servers import ApiServers
from isthmus.control_plane.background import Background
from isthmus.control_plane.clusters import ClusterStatus, ClusterWatch, own_status
from isthmus.control_plane.elections import Elections
from isthmus.control_plane.feeds import cluster_feeds, further_remote_feeds, own_feeds
from isthmus.control_plane.intake import Feed, Intake
from isthmus.control_plane.last_known.copies import Copies
from isthmus.control_plane.last_known.keeper import ELECTION, Joined, Keeper
from isthmus.control_plane.last_known.schedule import keep_pace
from isthmus.control_plane.last_known.store import CopyStore
from isthmus.control_plane.mesh_graph import MeshGraph
from isthmus.control_plane.metrics import JoinedMetrics
from isthmus.control_plane.remote_clusters import RemoteClusters, Serve, Surroundings
from isthmus.control_plane.remote_secrets import SecretProblem, desired_clusters
from isthmus.control_plane.settings import Settings
from isthmus.control_plane.watched_names import RemoteSecrets
from isthmus.kube.client import Client

log = structlog.get_logger(__name__)


class JoinedClusters:
    """Keeps their rows in the graph, and knows their API servers."""

    def __init__(self, settings: Settings, api: ApiServers, graph: MeshGraph, metrics: JoinedMetrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._secrets_client = api.secrets
        self._copies = Copies(graph.sources)
        self._store = CopyStore(api.secrets, settings.namespace)
        self._client = client = api.configuration
        self._graph = graph
        self._feeds = (*cluster_feeds(graph.sources), *own_feeds(graph.sources))
        self._own = ClusterWatch(
            settings.cluster_id, client, Intake(settings.cluster_id, self._feeds, graph.host.apply)
        )
        self._secrets = RemoteSecrets(api.secrets, settings.namespace, self._secrets_changed)
        self._remotes: RemoteClusters | None = None
        self._problems: tuple[SecretProblem, ...] = ()

    def statuses(self) -> list[ClusterStatus]:
        """All clusters, the own one first."""
        return [own_status(self._own), *(self._remotes.statuses() if self._remotes else ())]

    def names(self) -> list[str]:
        """Their ids."""
        return [status.id for status in self.statuses()]

    def client(self, cluster: str) -> Client | None:
        """The client of a cluster's API server; an empty name is the own cluster, None says that it is unknown."""
        if cluster in ("", self._settings.cluster_id):
            return self._client
        return self._remotes.client(cluster) if self._remotes else None

    def start(self, background: Background) -> None:
        """Watches the own cluster from now on."""
        background.tasks.create_task(self._own.run(self._feeds), name="own cluster")

    async def sync(self, background: Background, serve: Serve | None = None) -> None:
        """Returns when the own cluster is read, and every remote one that is declared now is read or late.

        ``serve`` works for each remote cluster as long as it is part of the mesh.
        """
        self._remotes = RemoteClusters(
            Surroundings(
                feeds=cluster_feeds(self._graph.sources),
                further=self._further_feeds(),
                apply=self._graph.host.apply,
                tasks=background.tasks,
                timeout=self._settings.remote_timeout,
                late=self._metrics.counters.late,
                serve=serve,
                copies=self._copies,
            )
        )
        if self._settings.copy_interval:
            await self._copies.load(self._store)
        await self._secrets.start(background)
        if self._settings.copy_interval:
            self._keep_copies(background, self._remotes)
        await self._own.intake.complete.wait()
        await self._remotes.wait_first_sync()

    def _keep_copies(self, background: Background, remotes: RemoteClusters) -> None:
        """From when it is known which clusters are declared: copies of all others are worth nothing."""
        self._copies.keep_only(self._declared())
        joined = Joined(self._declared, remotes.live)
        keeper = Keeper(
            self._store, self._graph.sources, joined, self._metrics.copies, keep_pace(self._settings.copy_interval)
        )
        elections, client = Elections(self._settings), self._secrets_client
        background.keep("copies of remote clusters", lambda: elections.lead_namespace(client, ELECTION, keeper.serve))

    def _declared(self) -> set[str]:
        """Also those whose declaration cannot be used now."""
        ids = self._remotes.ids() if self._remotes else frozenset()
        return {*ids, *(problem.cluster for problem in self._problems)}

    def _further_feeds(self) -> tuple[Feed[Any], ...]:
        settings = self._settings
        return further_remote_feeds(self._graph.sources, settings.namespace, settings.mesh_config_map)

    def _secrets_changed(self) -> None:
        assert self._remotes is not None
        declared, problems = desired_clusters(
            self._secrets.current(), self._settings.cluster_id, self._settings.insecure_kubeconfig_options
        )
        for problem in problems:
            if problem not in self._problems:
                log.error("remote secret", secret=problem.secret, cluster=problem.cluster, problem=problem.message)
        self._problems = problems
        self._remotes.update(declared, {problem.cluster for problem in problems})
