"""What the agent counts about itself, as a page in Prometheus' text format.

Knows: Istio's names for an agent's metrics. Does not know who reads them.
A dozen numbers do not need the client library, which would add 4 MB to the process.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

Labels = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class AgentMetrics:
    """Counters of one agent. ``certificate_expiry`` is in seconds since 1970, 0 before the first one."""

    version: str
    certificate_expiry: Callable[[], float]
    certificate_failures: Callable[[], int]
    scrapes: int = 0
    failed_scrapes: Counter[str] = field(default_factory=Counter)
    startup_seconds: float = 0.0

    def count_failed_scrape(self, source: str) -> None:
        """Counts a page that could not be had from ``envoy`` or the ``application``."""
        self.failed_scrapes[source] += 1

    def page(self) -> str:
        """All metrics."""
        failed: dict[Labels, float] = {
            (("type", source),): count for source, count in sorted(self.failed_scrapes.items())
        }
        remaining = self.certificate_expiry() - time.time() if self.certificate_expiry() else 0.0
        build = (("component", "proxy"), ("tag", self.version))
        return "".join(
            (
                _metric("istio_build", "gauge", {build: 1}),
                _metric("istio_agent_scrapes_total", "counter", {(): self.scrapes}),
                _metric("istio_agent_scrape_failures_total", "counter", failed),
                _metric("istio_agent_startup_duration_seconds", "gauge", {(): self.startup_seconds}),
                _metric("istio_agent_cert_expiry_seconds", "gauge", {(("resource_name", "default"),): remaining}),
                _metric("istio_agent_num_failed_outgoing_requests", "counter", {(): self.certificate_failures()}),
                _metric("istio_agent_process_resident_memory_bytes", "gauge", {(): resident_bytes()}),
            )
        )


def _metric(name: str, kind: str, samples: dict[Labels, float]) -> str:
    lines = [f"# TYPE {name} {kind}\n"] if samples else []
    return "".join([*lines, *(f"{name}{_labels(labels)} {value}\n" for labels, value in samples.items())])


def _labels(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels) + "}" if labels else ""


def resident_bytes() -> int:
    """The process's resident memory."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * 4096
