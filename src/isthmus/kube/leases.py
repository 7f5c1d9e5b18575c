"""Leader election on Leases, for work that only one replica may do.

Knows: client-go's election. A holder is judged by how long this process has seen its record unchanged, never
by the times written in it, so clocks that differ do no harm. Does not know what the leader does.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NoReturn

import msgspec
import structlog

from isthmus.kube.client import Client
from isthmus.kube.errors import ApiError, KubeError
from isthmus.kube.kinds import LEASE
from isthmus.kube.timestamps import format_micro_time

log = structlog.get_logger(__name__)


RELEASE_SECONDS = 5.0
"""A process that ends does not wait longer than this for an API server that hangs."""


class LeadershipLostError(Exception):
    """The lease could not be renewed in time, or somebody else took it."""


class Election(msgspec.Struct, frozen=True):
    """One election: the Lease, who stands for it, and its times in seconds (Istio's defaults).

    A holder is deposed after its record stood still for ``duration``; it gives up on its own after
    ``renew_deadline`` without a renewal; everybody tries every ``retry`` seconds.
    """

    name: str
    namespace: str
    identity: str
    duration: float = 30.0
    renew_deadline: float = 15.0
    retry: float = 7.5


@dataclass(frozen=True, slots=True)
class Clocks:
    """Monotonic seconds for judging, wall seconds for writing into Leases, and chance in [0, 1)."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    draw: Callable[[], float] = random.random


class LeaseSpec(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The spec of a Lease. Times are RFC 3339."""

    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    acquire_time: str | None = None
    renew_time: str | None = None
    lease_transitions: int | None = None


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""


class _Lease(msgspec.Struct, frozen=True):
    metadata: _Metadata
    spec: LeaseSpec = LeaseSpec()


class Elector:
    """One candidate. ``acquire`` waits to become the leader, ``renew`` stays it, ``release`` stands down."""

    def __init__(self, client: Client, election: Election, clocks: Clocks | None = None) -> None:
        self._client = client
        self._election = election
        self._clocks = clocks or Clocks()
        self._seen: _Lease | None = None
        self._seen_at = 0.0

    @property
    def leader(self) -> str:
        """Who held the lease when it was last read; empty when nobody did."""
        return (self._seen.spec.holder_identity or "") if self._seen else ""

    async def acquire(self) -> None:
        """Returns once this candidate is the leader. Faults of the environment are retried."""
        while True:
            if await self._try_quietly():
                log.info("became leader", lease=self._election.name, identity=self._election.identity)
                return
            # Jitter as client-go: without it, candidates that started together collide forever.
            await asyncio.sleep(self._election.retry * (1 + 0.2 * self._clocks.draw()))

    async def renew(self) -> NoReturn:
        """Renews for as long as it can; raises ``LeadershipLostError`` when it cannot."""
        renewed = self._clocks.monotonic()
        while True:
            await asyncio.sleep(min(self._election.retry, self._election.renew_deadline / 2))
            deadline = renewed + self._election.renew_deadline
            if await self._within(deadline):
                renewed = self._clocks.monotonic()
            elif self.leader != self._election.identity:
                raise LeadershipLostError(f"{self.leader or 'nobody'} holds lease {self._election.name}")
            elif self._clocks.monotonic() >= deadline:
                raise LeadershipLostError(f"lease {self._election.name} was not renewed in time")

    async def release(self) -> None:
        """Stands down at once, so that the next leader need not wait; silent when it cannot be written."""
        if self._seen is None or self.leader != self._election.identity:
            return
        now = format_micro_time(self._clocks.wall())
        spec = msgspec.structs.replace(
            self._seen.spec, holder_identity="", lease_duration_seconds=1, renew_time=now, acquire_time=now
        )
        try:
            async with asyncio.timeout(RELEASE_SECONDS):
                await self._replace(spec, self._seen.metadata.resource_version)
        except (KubeError, TimeoutError) as error:
            log.info("lease not released", lease=self._election.name, error=str(error))

    async def _within(self, deadline: float) -> bool:
        """One try that ends at the deadline: an API server that hangs must not keep a leader in office."""
        try:
            async with asyncio.timeout(max(0.0, deadline - self._clocks.monotonic())):
                return await self._try_quietly()
        except TimeoutError:
            return False

    async def _try_quietly(self) -> bool:
        try:
            return await self._try()
        except ApiError as error:
            if not error.conflict and not error.already_exists:
                log.warning("election failed", lease=self._election.name, error=str(error))
        except KubeError as error:
            log.warning("election failed", lease=self._election.name, error=str(error))
        return False

    async def _try(self) -> bool:
        """One try to take or renew; True when this candidate holds the lease afterwards."""
        election = self._election
        try:
            found = await self._client.get(LEASE, election.name, namespace=election.namespace, into=_Lease)
        except ApiError as error:
            if not error.not_found:
                raise
            await self._create()
            return True
        self._observe(found)
        if self._is_taken(found.spec):
            return False
        await self._replace(self._claim(found.spec), found.metadata.resource_version)
        return True

    def _observe(self, found: _Lease) -> None:
        if self._seen is None or self._seen.spec != found.spec:
            self._seen, self._seen_at = found, self._clocks.monotonic()

    def _is_taken(self, spec: LeaseSpec) -> bool:
        if not spec.holder_identity or spec.holder_identity == self._election.identity:
            return False
        return self._clocks.monotonic() < self._seen_at + self._election.duration

    def _claim(self, current: LeaseSpec) -> LeaseSpec:
        now = format_micro_time(self._clocks.wall())
        mine = current.holder_identity == self._election.identity
        transitions = current.lease_transitions or 0
        return LeaseSpec(
            holder_identity=self._election.identity,
            lease_duration_seconds=max(1, round(self._election.duration)),
            acquire_time=current.acquire_time if mine else now,
            renew_time=now,
            lease_transitions=transitions if mine else transitions + 1,
        )

    async def _create(self) -> None:
        metadata = {"name": self._election.name, "namespace": self._election.namespace}
        spec = msgspec.structs.replace(self._claim(LeaseSpec()), lease_transitions=0)
        body = {"metadata": metadata, "spec": msgspec.to_builtins(spec)}
        self._remember(await self._client.create(LEASE, body))

    async def _replace(self, spec: LeaseSpec, version: str) -> None:
        metadata = {
            "name": self._election.name,
            "namespace": self._election.namespace,
            "resourceVersion": version,
        }
        body = {"metadata": metadata, "spec": msgspec.to_builtins(spec)}
        self._remember(await self._client.replace(LEASE, body))

    def _remember(self, written: object) -> None:
        self._seen, self._seen_at = msgspec.convert(written, _Lease), self._clocks.monotonic()


@asynccontextmanager
async def leadership(client: Client, election: Election, clocks: Clocks | None = None) -> AsyncIterator[None]:
    """Waits to become the leader; inside, this process is. Released on the way out.

    When leadership is lost the body is cancelled and ``LeadershipLostError`` raised.
    """
    elector = Elector(client, election, clocks)
    await elector.acquire()
    renewing: asyncio.Task[None] | None = None
    try:
        # A timeout without a time is the standard library's cancellation scope: it ends when told to.
        async with asyncio.timeout(None) as term:
            renewing = asyncio.create_task(_end_on_loss(elector, term))
            yield
    except TimeoutError:
        if not term.expired():
            raise
        raise LeadershipLostError(f"leadership of {election.name} was lost") from None
    finally:
        if renewing is not None:
            renewing.cancel()
            await asyncio.wait([renewing])
        await elector.release()


async def lead(
    client: Client, election: Election, work: Callable[[], Awaitable[None]], clocks: Clocks | None = None
) -> None:
    """Runs ``work`` whenever this process is the leader; again after each loss, until ``work`` returns."""
    done = False
    while not done:
        try:
            async with leadership(client, election, clocks):
                await work()
                done = True
        except LeadershipLostError:
            continue


async def _end_on_loss(elector: Elector, term: asyncio.Timeout) -> None:
    try:
        await elector.renew()
    except LeadershipLostError as loss:
        log.warning("leadership lost", reason=str(loss))
        term.reschedule(0.0)
