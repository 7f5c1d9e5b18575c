"""What is counted."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """The node agent's metrics, under Istio's names where Istio has one."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.ready = Gauge(
            "istio_cni_install_ready",
            "Whether the plug-in is part of the node's configuration.",
            registry=self.registry,
        )
        self.installs = Counter(
            "istio_cni_installs",
            "Times that the plug-in was put in place, or could not be.",
            ("result",),
            registry=self.registry,
        )
        self.repairs = Counter(
            "istio_cni_repair_pods_repaired",
            "Pods that started without rules, by what was done about it.",
            ("type", "result"),
            registry=self.registry,
        )
        self.requests = Counter(
            "istio_cni_requests",
            "Questions of the plug-in: captured, passed (nothing to capture) or failed.",
            ("result",),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "istio_cni_request_seconds",
            "Time that a pod's start waits for its capture.",
            buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
            registry=self.registry,
        )
