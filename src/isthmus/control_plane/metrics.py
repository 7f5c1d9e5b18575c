"""Metrics about clusters and about the process itself, by Istio's names."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from isthmus import __version__
from isthmus.control_plane.clusters import ClusterStatus, SyncState


class ClusterMetrics(Collector):
    """Read when scraped: nothing has to be kept up to date."""

    def __init__(self, clusters: Callable[[], list[ClusterStatus]], services: Callable[[], int]) -> None:
        self._clusters = clusters
        self._services = services
        self._started = time.monotonic()

    def register(self, registry: CollectorRegistry) -> None:
        """Adds these metrics to a registry."""
        registry.register(self)

    def describe(self) -> Iterable[Metric]:
        """Nothing: values are not read at registration, when the process is not built yet."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The current values."""
        own, *remotes = self._clusters()
        managed = GaugeMetricFamily("istiod_managed_clusters", "Clusters watched.", labels=["cluster_type"])
        managed.add_metric(["local"], 1 if own else 0)
        managed.add_metric(["remote"], len(remotes))
        yield managed
        yield _sync_status(remotes)
        yield _ages([own, *remotes])
        yield _copy_ages(remotes)
        yield GaugeMetricFamily("pilot_services", "Services known.", value=self._services())
        info = GaugeMetricFamily("pilot_info", "Version of the control plane.", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
        build = GaugeMetricFamily("istio_build", "What was built.", labels=["component", "tag"])
        build.add_metric(["pilot", __version__], 1)
        yield build
        uptime = time.monotonic() - self._started
        yield GaugeMetricFamily("istiod_uptime_seconds", "Seconds since the start.", value=uptime)


class RemoteClusterCounters:
    """What happened to remote clusters and their Secrets."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._timeouts = Counter(
            "remote_cluster_sync_timeouts",
            "Remote clusters that were not read in time.",
            ("cluster",),
            registry=registry,
        )

    def late(self, cluster: str) -> None:
        """A cluster was not read in time."""
        self._timeouts.labels(cluster).inc()


class CopyMetrics:
    """The copies of remote clusters that this replica writes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._writes = Counter(
            "isthmus_cluster_copy_writes",
            "Copies of remote clusters written, and tries that failed.",
            ("cluster", "result"),
            registry=registry,
        )
        self._bytes = Gauge(
            "isthmus_cluster_copy_bytes", "Size of the copy of a remote cluster.", ("cluster",), registry=registry
        )
        self._as_of = Gauge(
            "isthmus_cluster_copy_timestamp_seconds",
            "When the rows in the copy of a remote cluster were last known to be true.",
            ("cluster",),
            registry=registry,
        )

    def written(self, cluster: str, size: int, as_of: float) -> None:
        """A copy of so many bytes was written; ``as_of`` is in seconds since the epoch."""
        self._writes.labels(cluster, "written").inc()
        self._bytes.labels(cluster).set(size)
        self._as_of.labels(cluster).set(as_of)

    def confirmed(self, cluster: str, as_of: float) -> None:
        """A copy says the same still."""
        self._as_of.labels(cluster).set(as_of)

    def failed(self, cluster: str) -> None:
        """A copy could not be written or removed."""
        self._writes.labels(cluster, "failed").inc()

    def removed(self, cluster: str) -> None:
        """The cluster is no longer declared."""
        for family in (self._bytes, self._as_of):
            with contextlib.suppress(KeyError):
                family.remove(cluster)


class JoinedMetrics:
    """What is counted about joined clusters."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.counters = RemoteClusterCounters(registry)
        self.copies = CopyMetrics(registry)


def _sync_status(remotes: Iterable[ClusterStatus]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "istiod_remote_cluster_sync_status",
        "1 for the state that a remote cluster is in.",
        labels=["cluster", "cluster_type", "status"],
    )
    for remote in remotes:
        for state in SyncState:
            family.add_metric([remote.id, "remote", str(state)], 1 if remote.state is state else 0)
    return family


def _ages(clusters: Iterable[ClusterStatus]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "isthmus_cluster_age_seconds", "Seconds since a cluster's API server last answered.", labels=["cluster"]
    )
    for cluster in clusters:
        if cluster.age is not None:
            family.add_metric([cluster.id], cluster.age)
    return family


def _copy_ages(clusters: Iterable[ClusterStatus]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "isthmus_cluster_copy_age_seconds",
        "Age of the copy that stands in for a cluster which was not read since the start.",
        labels=["cluster"],
    )
    for cluster in clusters:
        if cluster.copy_age is not None:
            family.add_metric([cluster.id], cluster.copy_age)
    return family
