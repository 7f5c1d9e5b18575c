"""The one graph of the process: batches in, changes announced, bugs counted and logged but contained."""

from __future__ import annotations

import time

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from isthmus.collections import Batch, Graph

log = structlog.get_logger(__name__)

_BUCKETS = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0)


class GraphHost:
    """Owns the graph; everything that changes it goes through ``apply``."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.graph = Graph()
        self._known_faults: set[object] = set()
        self._batches = Counter("isthmus_graph_batches", "Batches applied to the graph.", registry=registry)
        self._seconds = Histogram(
            "isthmus_graph_settle_seconds", "Time to settle a batch.", buckets=_BUCKETS, registry=registry
        )
        self._faults = Gauge(
            "isthmus_graph_faults", "Keys whose derivation failed and whose last good rows stay.", registry=registry
        )

    def apply(self, batch: Batch) -> None:
        """Settles a batch. A derivation's failure is logged once per key and shown on ``/debug/collections``."""
        started = time.perf_counter()
        self.graph.apply(batch)
        self._seconds.observe(time.perf_counter() - started)
        self._batches.inc()
        self._note_faults()

    def _note_faults(self) -> None:
        if not self.graph.faults and not self._known_faults:
            return
        for key, fault in self.graph.faults.items():
            if key not in self._known_faults:
                log.error("derivation failed", collection=fault.collection, key=str(fault.key), error=fault.error)
        self._known_faults = set(self.graph.faults)
        self._faults.set(len(self.graph.faults))
