"""Metrics of the operator: how often it looked at resources, and how they are."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from isthmus.operator.worklist import Key

States = Callable[[], Iterable[tuple[Key, str]]]


class Reconciles:
    """Counts passes over resources by their outcome."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._passes = Counter(
            "isthmus_operator_reconciles", "Passes over resources.", ("kind", "outcome"), registry=registry
        )

    def count(self, key: Key, *, succeeded: bool) -> None:
        """One pass is over."""
        self._passes.labels(key.kind, "success" if succeeded else "error").inc()


class ResourceStates(Collector):
    """How many resources are in which state; read when scraped."""

    def __init__(self, states: States, registry: CollectorRegistry) -> None:
        self._states = states
        registry.register(self)

    def describe(self) -> Iterable[Metric]:
        """Nothing: values are not read at registration."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The current values."""
        family = GaugeMetricFamily("isthmus_operator_resources", "Resources by state.", labels=["kind", "state"])
        for (kind, state), number in sorted(Tally((key.kind, state) for key, state in self._states()).items()):
            family.add_metric([kind, state], number)
        yield family
