"""Metrics of the certificate authority, under Istio's names (without ``_total``, see ``xds.metrics``)."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Gauge

from isthmus.ca.bundle import Bundle


class CaMetrics:
    """Created once per registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"citadel_server_{name}", text, registry=registry)

        self.requests = gauge("csr_count", "Certificate requests received.")
        self.unauthenticated = gauge("authentication_failure_count", "Requests of callers that proved no identity.")
        self.malformed = gauge("csr_parsing_err_count", "Requests whose CSR could not be used.")
        self.without_identity = gauge("id_extraction_err_count", "Requests of callers without a usable identity.")
        self.failed = gauge("csr_sign_err_count", "Requests that failed at signing.")
        self.issued = gauge("success_cert_issuance_count", "Certificates issued.")
        self._root_expiry = gauge("root_cert_expiry_timestamp", "When the root ends, seconds since the epoch.")
        self._root_left = gauge("root_cert_expiry_seconds", "Seconds until the root ends.")
        self._chain_expiry = gauge("cert_chain_expiry_timestamp", "When the chain ends, seconds since the epoch.")
        self._chain_left = gauge("cert_chain_expiry_seconds", "Seconds until the chain ends.")

    def show(self, bundle: Bundle, clock: Callable[[], float]) -> None:
        """Shows the ends of a bundle; the seconds left are counted when somebody asks."""
        root, chain = bundle.root_expiry.timestamp(), bundle.expiry.timestamp()
        self._root_expiry.set(root)
        self._chain_expiry.set(chain)
        self._root_left.set_function(lambda: root - clock())
        self._chain_left.set_function(lambda: chain - clock())
