"""Which gateways may have Secrets: what is told to whom, when answers turn and when nobody answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping

from isthmus.control_plane.access_review import Account
from isthmus.control_plane.secret_access import Ask, Holding, SecretReviews
from isthmus.kube.errors import KubeError, UnreachableError
from isthmus.model.proxy import SecretAccess

EDGE = Account("cluster1", "shop", "edge")
OFTEN = Holding(allowed=0.0, first=0.0, longest=0.0)
SELDOM = Holding(allowed=3600.0, first=3600.0, longest=3600.0)


class Cluster:
    """What an API server would say; every question waits until it is let through."""

    def __init__(self) -> None:
        self.says: dict[Account, bool | KubeError] = {}
        self.asked: asyncio.Queue[Account] = asyncio.Queue()
        self.told: dict[str, SecretAccess] = {}
        self._turn = asyncio.Semaphore(0)

    async def ask(self, account: Account) -> bool:
        await self._turn.acquire()
        self.asked.put_nowait(account)
        answer = self.says[account]
        if isinstance(answer, KubeError):
            raise answer
        return answer

    def tell(self, told: Mapping[str, SecretAccess]) -> None:
        self.told.update(told)

    async def answer(self, says: bool | KubeError, account: Account = EDGE) -> None:
        """Returns when this answer has been acted upon."""
        self.says[account] = says
        self._turn.release()
        async with asyncio.timeout(30):
            assert await self.asked.get() == account
        await turns()


async def turns() -> None:
    """Lets everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def reviewing(cluster: Cluster, holding: Holding = OFTEN, ask: Ask | None = None) -> AsyncIterator[SecretReviews]:
    reviews = SecretReviews(ask or cluster.ask, cluster.tell, holding)
    task = asyncio.create_task(reviews.run())
    yield reviews
    task.cancel()
    await asyncio.wait((task,))


async def test_an_answer_is_told_to_everybody_with_the_account_and_holds_for_those_who_come_later() -> None:
    cluster = Cluster()
    async with reviewing(cluster, SELDOM) as reviews:
        reviews.want("a", EDGE)
        reviews.want("b", EDGE)
        await cluster.answer(True)
        reviews.want("c", EDGE)
        await turns()
    assert cluster.told == dict.fromkeys("abc", SecretAccess("cluster1", "edge", True))
    assert cluster.asked.empty()


async def test_a_refusal_that_turns_is_told_and_one_that_comes_later_too() -> None:
    cluster = Cluster()
    async with reviewing(cluster) as reviews:
        reviews.want("a", EDGE)
        for allowed in (False, False, True, False):
            await cluster.answer(allowed)
            assert cluster.told["a"].allowed is allowed
            (shown,) = reviews.page()
            assert (shown["serviceAccount"], shown["allowed"], shown["proxies"]) == ("edge", allowed, ["a"])


async def test_an_unreachable_server_gives_nothing_to_new_callers_and_takes_nothing_from_others() -> None:
    cluster = Cluster()
    async with reviewing(cluster) as reviews:
        reviews.want("old", EDGE)
        await cluster.answer(True)
        await cluster.answer(UnreachableError("no route"))
        reviews.want("new", EDGE)
        await turns()
        await cluster.answer(UnreachableError("no route"))
        assert cluster.told == {"old": SecretAccess("cluster1", "edge", True)}
        (shown,) = reviews.page()
        assert (shown["allowed"], shown["error"], shown["proxies"]) == (True, "no route", ["new", "old"])
        await cluster.answer(True)
        assert cluster.told.keys() == {"old", "new"}
        assert not reviews.page()[0]["error"]


async def test_an_answer_that_is_being_asked_for_again_holds_no_longer() -> None:
    cluster = Cluster()
    async with reviewing(cluster) as reviews:
        reviews.want("old", EDGE)
        await cluster.answer(True)
        reviews.want("new", EDGE)
        await turns()
        assert cluster.told.keys() == {"old"}
        await cluster.answer(False)
        assert {access.allowed for access in cluster.told.values()} == {False}


async def test_a_slow_cluster_holds_up_nobody_else() -> None:
    cluster, slow = Cluster(), Account("cluster2", "shop", "edge")

    async def ask(account: Account) -> bool:
        if account == slow:
            await asyncio.Event().wait()
        return await cluster.ask(account)

    async with reviewing(cluster, SELDOM, ask) as reviews:
        reviews.want("far", slow)
        reviews.want("near", EDGE)
        await cluster.answer(True)
    assert cluster.told.keys() == {"near"}


async def test_an_account_that_nobody_uses_any_more_is_not_asked_about() -> None:
    cluster = Cluster()
    async with reviewing(cluster) as reviews:
        reviews.want("a", EDGE)
        await cluster.answer(True)
        reviews.leave("a")
        await cluster.answer(True)
        assert reviews.page() == []
        reviews.want("b", EDGE)
        await cluster.answer(False)
    assert cluster.told == {"a": SecretAccess("cluster1", "edge", True), "b": SecretAccess("cluster1", "edge", False)}
