"""Histograms that cost little to feed, for what happens with every response.

prometheus_client's take three locks for an observation, and look for its bucket one by one. These belong to one event
loop and need none. Knows the exposition's form: cumulative buckets, of which the last has no bound.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString


class Series:
    """Observations of one kind. ``bounds`` rise; each is the highest value of its bucket."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Notes a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def count(self) -> float:
        """How many values there were."""
        return float(sum(self._counts))

    def add_to(self, family: HistogramMetricFamily, labels: Sequence[str]) -> None:
        """Shows it."""
        total, buckets = 0, []
        for bound, count in zip((*self._bounds, math.inf), self._counts, strict=True):
            total += count
            buckets.append((floatToGoString(bound), total))  # type: ignore[no-untyped-call]
        family.add_metric(labels, buckets, self._sum)


class Histogram(Collector):
    """A series for each value of ``label``; without a label it has the one under ``""``."""

    def __init__(self, name: str, text: str, bounds: Sequence[float], label: str = "") -> None:
        self._name, self._text = name, text
        self._bounds = tuple(bounds)
        self._label = label
        self._series: dict[str, Series] = {} if label else {"": Series(self._bounds)}

    def register(self, registry: CollectorRegistry) -> Histogram:
        """Shows it in a registry."""
        registry.register(self)
        return self

    def of(self, value: str = "") -> Series:
        """The series for one value of the label."""
        return self._series.get(value) or self._series.setdefault(value, Series(self._bounds))

    def describe(self) -> Iterable[Metric]:
        """Its names."""
        return [HistogramMetricFamily(self._name, self._text)]

    def collect(self) -> Iterable[Metric]:
        """All of it."""
        family = HistogramMetricFamily(self._name, self._text, labels=[self._label] if self._label else [])
        for value, series in self._series.items():
            series.add_to(family, [value] if self._label else [])
        return [family]
