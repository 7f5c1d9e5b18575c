"""The workload's certificate over its life, with time and authority in the test's hands."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from isthmus.agent.ca_client import SignedChain, SigningError
from isthmus.agent.secret_cache import ROOTS, WORKLOAD, Clock, Issuer, SecretCache
from isthmus.agent.secret_store import SecretStore
from isthmus.agent.workload_identity import SigningRequest
from isthmus.protos import pb

KEY = ec.generate_private_key(ec.SECP256R1())
START = datetime(2026, 1, 1, tzinfo=UTC)


def certificate(begin: float, hours: int, serial: int = 1) -> bytes:
    name, first = x509.Name([]), START + timedelta(seconds=begin)
    last = first + timedelta(hours=hours)
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), serial, first, last)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


class Life:
    """A cache whose sleeps are steps: each returns when the test lets time pass."""

    def __init__(self, settings: Any) -> None:
        self.time = 0.0
        self.sleeping: asyncio.Queue[float] = asyncio.Queue()
        self.wake = asyncio.Event()
        self.failing: str = ""
        self.skew = 0.0  # seconds by which the authority's clock is ahead of this node's
        self.hours = 24
        self.roots = certificate(0, 1000, serial=99)
        self.requests = 0
        self.store = SecretStore()
        clock = Clock(lambda: START.timestamp() + self.time, self._sleep, lambda: 0.5)
        self.cache = SecretCache(settings, Issuer(self._request, self._sign), self.store, clock)

    async def _sleep(self, seconds: float) -> None:
        self.wake.clear()
        self.sleeping.put_nowait(seconds)
        await self.wake.wait()
        self.time += seconds

    async def _request(self) -> SigningRequest:
        self.requests += 1
        return SigningRequest(csr="csr", key=f"key {self.requests}")

    async def _sign(self, csr: str) -> SignedChain:
        if self.failing:
            raise SigningError(self.failing)
        return SignedChain(certificate(self.time + self.skew, self.hours, self.requests), self.roots)

    async def asleep(self) -> float:
        """Waits until the cache sleeps; for how long."""
        return await self.sleeping.get()

    def key(self) -> str:
        body = self.store.get([WORKLOAD])[0].body
        secret = pb("envoy.extensions.transport_sockets.tls.v3.Secret").FromString(body)
        return str(secret.tls_certificate.private_key.inline_bytes.decode())

    def trusted(self) -> bytes:
        body = self.store.get([ROOTS])[0].body
        secret = pb("envoy.extensions.transport_sockets.tls.v3.Secret").FromString(body)
        return bytes(secret.validation_context.trusted_ca.inline_bytes)


@pytest.fixture
async def life(pod_settings):
    life = Life(pod_settings().certificates)
    running = asyncio.create_task(life.cache.run())
    yield life
    running.cancel()


async def test_a_certificate_is_renewed_with_a_new_key_at_half_of_its_life(life):
    assert await life.asleep() == 12 * 3600
    assert life.key() == "key 1"
    life.wake.set()
    assert await life.asleep() == 12 * 3600
    assert life.key() == "key 2"


async def test_a_certificate_stays_while_the_authority_cannot_be_reached(life):
    await life.asleep()
    life.failing = "no route"
    for expected in (0.075, 0.15, 0.3):
        life.wake.set()
        assert await life.asleep() == pytest.approx(expected)
        assert life.key() == "key 1"
    assert life.cache.failures == 3
    life.failing = ""
    life.wake.set()
    await life.asleep()
    assert life.key() == "key 5"


@pytest.mark.parametrize("skew", [600.0, -600.0], ids=["behind", "ahead"])
async def test_a_clock_that_is_ten_minutes_off_moves_the_renewal_by_ten_minutes(life, skew):
    await life.asleep()
    life.skew = skew
    life.wake.set()
    assert await life.asleep() == 12 * 3600 + skew
    assert life.key() == "key 2"


async def test_a_certificate_that_is_past_at_once_by_this_clock_is_used_and_not_asked_for_in_a_flood(life):
    await life.asleep()
    life.skew, life.hours = -3600.0 - 600, 1
    for number in range(2, 5):
        life.wake.set()
        assert await life.asleep() == 1.0
        assert life.key() == f"key {number}", "those whose clocks are right accept it"


async def test_the_roots_of_all_sources_are_trusted_together(life):
    await life.asleep()
    assert life.trusted() == life.roots
    coming = certificate(0, 1000, serial=100)
    life.cache.trust("mesh", coming + life.roots)
    assert life.trusted() == life.roots + coming
    life.cache.trust("mesh", coming)
    assert life.trusted() == life.roots + coming, "what the authority's certificates chain to stays"


async def test_an_unchanged_secret_wakes_nobody(life):
    await life.asleep()
    with life.store.changes() as changed:
        life.cache.trust("mesh", life.roots)
        assert not changed.is_set()
        life.cache.trust("mesh", certificate(0, 1000, serial=5))
        assert changed.is_set()
