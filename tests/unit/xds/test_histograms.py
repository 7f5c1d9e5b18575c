"""Histograms are shown as prometheus_client shows its own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client import Histogram as Reference

from isthmus.xds.histograms import Histogram

BOUNDS = (0.001, 0.5, 1, 1e4, 1e6)
VALUES = (0, 0.001, 0.0011, 1, 2, 1e6, 1e7)


def shown(registry: CollectorRegistry) -> list[str]:
    lines = generate_latest(registry).decode().splitlines()
    return [line for line in lines if "_created" not in line]


def test_one_without_a_label():
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    series = Histogram("seconds", "Of something.", BOUNDS).register(ours).of()
    reference = Reference("seconds", "Of something.", buckets=BOUNDS, registry=theirs)
    assert shown(ours) == shown(theirs)
    for value in VALUES:
        series.observe(value)
        reference.observe(value)
    assert shown(ours) == shown(theirs)
    assert series.count() == len(VALUES)


def test_one_with_a_label():
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    histogram = Histogram("bytes", "Of something.", BOUNDS, "type").register(ours)
    reference = Reference("bytes", "Of something.", ("type",), buckets=BOUNDS, registry=theirs)
    assert shown(ours) == shown(theirs)
    for value in VALUES:
        for kind in ("cds", "eds"):
            histogram.of(kind).observe(value)
            reference.labels(kind).observe(value)
    assert shown(ours) == shown(theirs)
