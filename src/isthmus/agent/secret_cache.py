"""The workload's own certificate and roots: obtained, renewed in time, handed to Envoy.

Knows: when a certificate is due, that a failed renewal is repeated, that roots come from the authority and
from the mesh's bundle. Does not know gRPC or files.
A valid certificate is never dropped: while the authority cannot be reached the last one stays in use.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from isthmus.agent.ca_client import SignedChain, SigningError
from isthmus.agent.messages.secret import KeyPair, TrustBundle
from isthmus.agent.renewal import renewal_delay, retry_delays
from isthmus.agent.secret_store import SecretStore
from isthmus.agent.settings import Certificates
from isthmus.agent.validity import CertificateError, Validity, split_pem, validity
from isthmus.agent.workload_identity import KeyMakerError, SigningRequest

log = logging.getLogger("secrets")

WORKLOAD = "default"
ROOTS = "ROOTCA"

_FIRST_RETRY, _LONGEST_RETRY = 0.1, 30.0


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance, replaceable for tests. ``now`` in seconds since 1970, ``random`` in [0, 1)."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True)
class Issuer:
    """Where certificates come from: a maker of keys with requests, and the authority that signs."""

    new_request: Callable[[], Awaitable[SigningRequest]]
    sign: Callable[[str], Awaitable[SignedChain]]


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate in use: PEM of chain, key and roots, and its validity."""

    pair: KeyPair
    roots: bytes
    validity: Validity


class SecretCache:
    """Keeps ``default`` and ``ROOTCA`` in the store."""

    def __init__(self, settings: Certificates, issuer: Issuer, store: SecretStore, clock: Clock) -> None:
        self._settings = settings
        self._issuer = issuer
        self._store = store
        self._clock = clock
        self._roots: dict[str, bytes] = {}
        self.issued: Issued | None = None
        self.failures = 0
        self.on_issued: Callable[[Issued], None] = lambda issued: None

    async def run(self) -> None:
        """Obtains and renews for ever."""
        while True:
            issued = await self._obtain()
            self.use(issued)
            spread = (self._clock.random() * 2 - 1) * self._settings.grace_jitter
            delay = renewal_delay(issued.validity, self._clock.now(), self._settings.grace_ratio, spread)
            log.info("certificate valid for %.0f s, renewal in %.0f s", self._remaining(issued), delay)
            await self._clock.sleep(delay)

    def use(self, issued: Issued) -> None:
        """Hands a certificate and its roots to Envoy."""
        self.issued = issued
        self.trust("authority", issued.roots)
        self._store.put(WORKLOAD, issued.pair)
        self.on_issued(issued)

    def trust(self, source: str, roots: bytes) -> None:
        """Replaces the roots of one source; Envoy trusts the roots of all.

        A new root is in the mesh's bundle before any certificate chains to it, so peers are accepted
        throughout a rotation.
        """
        self._roots[source] = roots
        union = dict.fromkeys(pem for each in self._roots.values() for pem in split_pem(each))
        if union:
            self._store.put(ROOTS, TrustBundle(b"".join(union)))

    async def _obtain(self) -> Issued:
        delays = retry_delays(_FIRST_RETRY, _LONGEST_RETRY, self._clock.random)
        for delay in delays:
            try:
                return await self._issue()
            except (SigningError, KeyMakerError, CertificateError) as error:
                self.failures += 1
                log.warning("no certificate for %s: %s; next try in %.1f s", self._settings.identity, error, delay)
                await self._clock.sleep(delay)
        raise AssertionError("the delays never end")

    async def _issue(self) -> Issued:
        request = await self._issuer.new_request()
        signed = await self._issuer.sign(request.csr)
        pair = KeyPair(signed.chain, request.key.encode())
        return Issued(pair, signed.roots, validity(signed.chain))

    def _remaining(self, issued: Issued) -> float:
        return issued.validity.not_after - self._clock.now()
