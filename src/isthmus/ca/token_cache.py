"""Reviews that were just made: a proxy opens several streams with one token.

Knows hashes of tokens only. Bounded in number and, as a token may be revoked, in age.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256

import msgspec

from isthmus.ca.token_review import Review


class CacheLimits(msgspec.Struct, frozen=True):
    """Seconds that an accepted and a rejected token is remembered (kube-apiserver itself: 10 s), and how many."""

    accepted: float = 10.0
    rejected: float = 2.0
    entries: int = 10_000


class TokenCache:
    """Reviews by cluster and token; a review under way is shared by all who wait for it."""

    def __init__(self, limits: CacheLimits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._known: dict[bytes, tuple[float, Review]] = {}  # oldest first
        self._under_way: dict[bytes, asyncio.Task[Review]] = {}

    async def get(self, cluster: str, token: str, review: Callable[[str, str], Awaitable[Review]]) -> Review:
        """The remembered review or a new one; its exceptions are not remembered."""
        key = sha256(f"{cluster}\0{token}".encode()).digest()
        until, known = self._known.get(key, (0.0, Review()))
        if self._clock() < until:
            return known
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.ensure_future(_call(review, cluster, token))
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._finish(key, done))
        return await asyncio.shield(task)

    def _finish(self, key: bytes, task: asyncio.Task[Review]) -> None:
        self._under_way.pop(key, None)
        if task.cancelled() or task.exception() is not None:
            return
        review = task.result()
        lifetime = self._limits.accepted if review.authenticated else self._limits.rejected
        self._known.pop(key, None)
        self._known[key] = (self._clock() + lifetime, review)
        while len(self._known) > self._limits.entries:
            del self._known[next(iter(self._known))]


async def _call(review: Callable[[str, str], Awaitable[Review]], cluster: str, token: str) -> Review:
    return await review(cluster, token)
