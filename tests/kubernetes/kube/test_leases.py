"""Elections between candidates on a real API server."""

import asyncio

import msgspec
import pytest

from isthmus.kube import kinds
from isthmus.kube.access import Access
from isthmus.kube.client import Client
from isthmus.kube.leases import Clocks, Election, Elector, LeadershipLostError, lead, leadership


class FakeTime:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def clocks(self) -> Clocks:
        return Clocks(lambda: self.now, lambda: self.now, lambda: 0.0)


def candidate(name: str, namespace: str, **times: float) -> Election:
    return msgspec.structs.replace(Election("leader", namespace, name), **times)


async def test_the_first_candidate_leads_and_says_so_in_the_lease(client: Client, namespace: str) -> None:
    async with leadership(client, candidate("a", namespace)):
        lease = await client.get(kinds.LEASE, "leader", namespace=namespace)
    assert lease["spec"]["holderIdentity"] == "a"
    assert lease["spec"]["leaseDurationSeconds"] == 30
    assert lease["spec"]["leaseTransitions"] == 0


async def test_a_leader_that_leaves_gives_the_lease_up_at_once(client: Client, namespace: str) -> None:
    async with leadership(client, candidate("a", namespace)):
        pass
    async with leadership(client, candidate("b", namespace)):
        lease = await client.get(kinds.LEASE, "leader", namespace=namespace)
    assert lease["spec"]["holderIdentity"] == "b"
    assert lease["spec"]["leaseTransitions"] == 1


async def test_a_silent_leader_is_deposed_after_its_record_stood_still(client: Client, namespace: str) -> None:
    time = FakeTime()
    silent = Elector(client, candidate("silent", namespace), time.clocks())
    await silent.acquire()
    waiting = Elector(client, candidate("waiting", namespace, retry=0.0), time.clocks())
    assert not await waiting._try_quietly()
    time.now += 29.9
    assert not await waiting._try_quietly()
    time.now += 0.2
    await waiting.acquire()
    lease = await client.get(kinds.LEASE, "leader", namespace=namespace)
    assert lease["spec"]["holderIdentity"] == "waiting"


async def test_a_leader_that_renews_is_not_deposed_whatever_its_clock_says(client: Client, namespace: str) -> None:
    slow, fast = FakeTime(), FakeTime()
    fast.now += 1_000_000
    leader = Elector(client, candidate("leader", namespace), slow.clocks())
    await leader.acquire()
    waiting = Elector(client, candidate("waiting", namespace), fast.clocks())
    for _ in range(3):
        fast.now += 29.0
        slow.now += 5.0
        assert not await waiting._try_quietly()
        assert await leader._try_quietly()
    assert waiting.leader == "leader"


async def test_work_is_cancelled_when_somebody_else_takes_the_lease(client: Client, namespace: str) -> None:
    started = asyncio.Event()

    async def hold() -> None:
        async with leadership(client, candidate("a", namespace, retry=0.01)):
            started.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hold())
    await started.wait()
    await client.merge_patch(kinds.LEASE, "leader", {"spec": {"holderIdentity": "b"}}, namespace=namespace)
    with pytest.raises(LeadershipLostError):
        await task
    lease = await client.get(kinds.LEASE, "leader", namespace=namespace)
    assert lease["spec"]["holderIdentity"] == "b"


async def test_a_leader_that_cannot_reach_the_server_gives_up_before_it_is_deposed(
    access: Access, namespace: str
) -> None:
    election = candidate("a", namespace, retry=0.01, renew_deadline=0.1)
    async with Client(access) as client:
        elector = Elector(client, election)
        await elector.acquire()
        client.transport.access = msgspec.structs.replace(access, server="https://127.0.0.1:1")
        with pytest.raises(LeadershipLostError, match="not renewed in time"):
            await elector.renew()


async def test_work_starts_again_after_leadership_was_lost_and_won_back(client: Client, namespace: str) -> None:
    runs = 0
    again = asyncio.Event()

    async def work() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            await client.merge_patch(kinds.LEASE, "leader", {"spec": {"holderIdentity": "b"}}, namespace=namespace)
            again.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(lead(client, candidate("a", namespace, retry=0.01, duration=0.05), work))
    await again.wait()
    await task
    assert runs == 2


async def test_an_error_in_the_work_comes_out_as_itself(client: Client, namespace: str) -> None:
    with pytest.raises(ZeroDivisionError):
        async with leadership(client, candidate("a", namespace)):
            raise ZeroDivisionError
    lease = await client.get(kinds.LEASE, "leader", namespace=namespace)
    assert lease["spec"].get("holderIdentity", "") == ""
