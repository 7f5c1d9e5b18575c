"""Python's garbage collector: what it leaves alone, when it looks, and for how long nothing else runs then."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prometheus_client import CollectorRegistry

from isthmus.xds.histograms import Histogram

THRESHOLDS = (10_000, 5, 2)
"""New objects until a collection, and collections until one of the older and of the oldest generation."""

_BUCKETS = (0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)


def freeze_heap() -> None:
    """Called when the clusters have been read: what is there now stays, and the collector leaves it alone.

    Later there are connections above all. One that ends leaves some two hundred objects in cycles, of gRPC and
    HTTP/2, which only a full collection finds: the thresholds have one after some hundred of them. Python defers it
    until a quarter of what it knows is new, and what it knows is what the last one saw: the second one here sees
    nothing.
    """
    gc.collect()
    gc.freeze()
    gc.collect()
    gc.set_threshold(*THRESHOLDS)


class CollectorPauses:
    """How long each collection stopped the process, as ``isthmus_gc_pause_seconds`` by generation.

    prometheus_client's own histograms hold a lock while they allocate, and a collection may begin right there.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "isthmus_gc_pause_seconds", "Time that collections of garbage took.", _BUCKETS, "generation"
        ).register(registry)
        self._began = 0.0

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Notes every collection while the block runs."""
        gc.callbacks.append(self._note)
        try:
            yield
        finally:
            gc.callbacks.remove(self._note)

    def _note(self, phase: str, info: dict[str, Any]) -> None:
        if phase == "start":
            self._began = time.perf_counter()
        else:
            self._seconds.of(str(info["generation"])).observe(time.perf_counter() - self._began)
