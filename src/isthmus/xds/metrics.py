"""Metrics of the xDS server, under Istio's names.

Istio declares some counters without ``_total`` and its dashboards use those names. The client library adds the
suffix to every ``Counter``; a ``Gauge`` that only grows keeps the name.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from isthmus.xds.histograms import Histogram, Series

_CONVERGENCE = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 3, 5, 10, 20, 30)
_SEND = (0.001, 0.01, 0.1, 0.5, 1, 3, 5, 10, 20, 30)
_SIZES = (1, 1e4, 1e6, 4e6, 1e7, 4e7)
_VERSIONS = 50
_LONGEST_VERSION = 64
_REJECTS = ("cds", "eds", "lds", "rds")


class XdsMetrics:
    """Created once per registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def grows(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(name, text, labels, registry=registry)

        self.connected = grows("pilot_xds", "Connected proxies.", "version")
        self.pushes = grows("pilot_xds_pushes", "Responses sent.", "type")
        self.expired_nonce = grows("pilot_xds_expired_nonce", "Requests with a stale nonce.", "type")
        self.write_timeout = grows("pilot_xds_write_timeout", "Streams ended because they took no data.")
        self.refused = grows("pilot_xds_refused", "Streams that were refused or ended for what they asked.", "code")
        self.rejects = Counter("pilot_total_xds_rejects", "Rejected responses.", ("type",), registry=registry)
        self.rejects_by_type = {
            kind: grows(f"pilot_xds_{kind}_reject", f"Rejected {kind.upper()} responses.") for kind in _REJECTS
        }
        self.internal_errors = Counter("pilot_total_xds_internal_errors", "Streams ended by a bug.", registry=registry)
        send_time = Histogram("pilot_xds_send_time", "Seconds to hand a response to the network.", _SEND)
        convergence = Histogram(
            "pilot_proxy_convergence_time",
            "Seconds from a change to the last response that it caused on a stream.",
            _CONVERGENCE,
        )
        self.convergence = convergence.register(registry).of()
        self._send_time = send_time.register(registry).of()
        self._sizes = Histogram("pilot_xds_config_size_bytes", "Bytes of a response.", _SIZES, "type")
        self._sizes.register(registry)
        self._versions: dict[str, int] = {}
        self._by_kind: dict[str, Series] = {}

    def came(self, version: str) -> str:
        """A proxy that calls itself of this version came; gives what ``went`` has to be told of it.

        It may call itself anything, so the number and the length of labels are bounded.
        """
        if version not in self._versions and len(self._versions) >= _VERSIONS:
            for idle in [name for name, count in self._versions.items() if not count]:
                del self._versions[idle]
                self.connected.remove(idle)
        fits = len(version) <= _LONGEST_VERSION and (version in self._versions or len(self._versions) < _VERSIONS)
        label = version if fits else "other"
        self._count(label, 1)
        return label

    def went(self, label: str) -> None:
        """It went."""
        self._count(label, -1)

    def _count(self, label: str, step: int) -> None:
        self._versions[label] = self._versions.get(label, 0) + step
        self.connected.labels(label).set(self._versions[label])

    def sent(self, kind: str, size: int, seconds: float) -> None:
        """A response was handed to the network."""
        (self._by_kind.get(kind) or self._first(kind)).observe(size)
        self._send_time.observe(seconds)

    def rejected(self, kind: str) -> None:
        """A client rejected a response."""
        self.rejects.labels(kind).inc()
        if kind in self.rejects_by_type:
            self.rejects_by_type[kind].inc()

    def _first(self, kind: str) -> Series:
        sizes = self._by_kind[kind] = self._sizes.of(kind)
        self.pushes.labels(kind).set_function(sizes.count)
        return sizes
