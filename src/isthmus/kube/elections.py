"""Leader election, for work that only one replica may do.

Knows: client-go's election, and Istio's addition to it: who goes before the holder takes the lock at once. A holder
is judged by how long this process has seen its record unchanged, never by the times written in it, so clocks that
differ do no harm. Does not know what the leader does, nor how locks are written (``locks``).
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NoReturn, Protocol

import msgspec
import structlog

from isthmus.kube.client import Client, Object
from isthmus.kube.errors import ApiError, KubeError
from isthmus.kube.locks import LEASE_LOCK, Lock, Record

log = structlog.get_logger(__name__)


RELEASE_SECONDS = 5.0
"""A process that ends does not wait longer than this for an API server that hangs."""


class LeadershipLostError(Exception):
    """The lock could not be renewed in time, or somebody else took it."""


class Precedence(Protocol):
    """Which candidates need not wait for a holder to go."""

    @property
    def key(self) -> str:
        """What the lock says of this candidate while it leads."""

    async def outranks(self, client: Client, holder_key: str) -> bool:
        """Whether this candidate goes before a holder of that key. ``KubeError`` when it cannot be found out."""


class Election(msgspec.Struct, frozen=True):
    """One election: its object, who stands for it, and its times in seconds (Istio's defaults).

    A holder is deposed after its record stood still for ``duration``; it gives up on its own after
    ``renew_deadline`` without a renewal; everybody tries every ``retry`` seconds.
    """

    name: str
    namespace: str
    identity: str
    duration: float = 30.0
    renew_deadline: float = 15.0
    retry: float = 7.5
    lock: Lock = LEASE_LOCK
    precedence: Precedence | None = None

    @property
    def key(self) -> str:
        """What the lock says of this candidate; empty where nobody goes before others."""
        return self.precedence.key if self.precedence else ""


@dataclass(frozen=True, slots=True)
class Clocks:
    """Monotonic seconds for judging, wall seconds for writing into Leases, and chance in [0, 1)."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    draw: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True)
class _Seen:
    """The object as it was read or written last, what it says, and since when it has said that."""

    body: Object
    record: Record
    since: float


class Elector:
    """One candidate. ``acquire`` waits to become the leader, ``renew`` stays it, ``release`` stands down."""

    def __init__(self, client: Client, election: Election, clocks: Clocks | None = None) -> None:
        self._client = client
        self._election = election
        self._clocks = clocks or Clocks()
        self._seen: _Seen | None = None

    @property
    def leader(self) -> str:
        """Who held the lock when it was last read; empty when nobody did."""
        return self._seen.record.holder_identity if self._seen else ""

    async def acquire(self) -> None:
        """Returns once this candidate is the leader. Faults of the environment are retried."""
        while True:
            if await self._try_quietly():
                log.info("became leader", lock=self._election.name, identity=self._election.identity)
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
                raise LeadershipLostError(f"{self.leader or 'nobody'} holds lock {self._election.name}")
            elif self._clocks.monotonic() >= deadline:
                raise LeadershipLostError(f"lock {self._election.name} was not renewed in time")

    async def release(self) -> None:
        """Stands down at once, so that the next leader need not wait; silent when it cannot be written."""
        if self.leader != self._election.identity:
            return
        try:
            async with asyncio.timeout(RELEASE_SECONDS):
                while not await self._released():
                    continue
        except (KubeError, TimeoutError) as error:
            log.info("lock not released", lock=self._election.name, error=str(error))

    async def _released(self) -> bool:
        """One try; False when somebody wrote in between: a renewal that was cut off may still have arrived."""
        lock, election = self._election.lock, self._election
        body = await self._client.find(lock.kind, election.name, namespace=election.namespace)
        record = lock.read(body) if body else Record()
        if body is None or record.holder_identity != election.identity:
            return True
        now = self._now()
        transitions = record.leader_transitions
        empty = Record(lease_duration_seconds=1, acquire_time=now, renew_time=now, leader_transitions=transitions)
        try:
            await self._replace(body, empty)
        except ApiError as error:
            if not error.conflict:
                raise
            return False
        return True

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
                log.warning("election failed", lock=self._election.name, error=str(error))
        except KubeError as error:
            log.warning("election failed", lock=self._election.name, error=str(error))
        return False

    async def _try(self) -> bool:
        """One try to take or renew; True when this candidate holds the lock afterwards."""
        return await self._try_unread() or await self._try_read()

    async def _try_unread(self) -> bool:
        """A renewal that trusts what was written last; False when that is not what is there any more."""
        if self._seen is None or self._seen.record.holder_identity != self._election.identity:
            return False
        try:
            await self._replace(self._seen.body, self._claim(self._seen.record))
        except ApiError as error:
            if not error.conflict and not error.not_found:
                raise
            return False
        return True

    async def _try_read(self) -> bool:
        election = self._election
        body = await self._client.find(election.lock.kind, election.name, namespace=election.namespace)
        if body is None:
            await self._create()
            return True
        record = election.lock.read(body)
        self._observe(body, record)
        if self._is_held(record) and not await self._outranks(record):
            return False
        await self._replace(body, self._claim(record))
        return True

    def _observe(self, body: Object, record: Record) -> None:
        since = self._seen.since if self._seen and self._seen.record == record else self._clocks.monotonic()
        self._seen = _Seen(body, record, since)

    def _is_held(self, record: Record) -> bool:
        """By somebody else, as far as is known."""
        assert self._seen is not None
        if record.holder_identity in ("", self._election.identity):
            return False
        return self._clocks.monotonic() < self._seen.since + self._election.duration

    async def _outranks(self, record: Record) -> bool:
        precedence = self._election.precedence
        if precedence is None or not await precedence.outranks(self._client, record.holder_key):
            return False
        log.info(
            "taking the lock from a holder that comes after this one",
            lock=self._election.name,
            holder=record.holder_identity,
            holder_key=record.holder_key,
            key=precedence.key,
        )
        return True

    def _claim(self, current: Record | None) -> Record:
        now = self._now()
        mine = current is not None and current.holder_identity == self._election.identity
        former = current.leader_transitions if current else -1
        return Record(
            holder_identity=self._election.identity,
            holder_key=self._election.key,
            lease_duration_seconds=max(1, round(self._election.duration)),
            acquire_time=current.acquire_time if current and mine else now,
            renew_time=now,
            leader_transitions=former if mine else former + 1,
        )

    def _now(self) -> str:
        return self._election.lock.time(self._clocks.wall())

    async def _create(self) -> None:
        election = self._election
        body: Object = {"metadata": {"name": election.name, "namespace": election.namespace}}
        wanted = election.lock.written(body, self._claim(None))
        self._remember(await self._client.create(election.lock.kind, wanted))

    async def _replace(self, body: Object, record: Record) -> None:
        lock = self._election.lock
        self._remember(await self._client.replace(lock.kind, lock.written(body, record)))

    def _remember(self, written: Object) -> None:
        self._seen = _Seen(written, self._election.lock.read(written), self._clocks.monotonic())


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
