"""Elections between candidates on a real API server."""

import asyncio
import json
from typing import Any

import msgspec
import pytest

from isthmus.kube import kinds
from isthmus.kube.access import Access
from isthmus.kube.client import Client
from isthmus.kube.elections import Clocks, Election, Elector, LeadershipLostError, lead, leadership
from isthmus.kube.locks import CONFIG_MAP_LOCK, HOLDER_KEY, LEASE_LOCK, RECORD, Lock, Record
from isthmus.kube.transport import Answer, Call


class FakeTime:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def clocks(self) -> Clocks:
        return Clocks(lambda: self.now, lambda: self.now, lambda: 0.0)


class Rank(msgspec.Struct, frozen=True):
    """Candidates whose keys are numbers: the higher one goes first."""

    key: str

    async def outranks(self, client: Client, holder_key: str) -> bool:
        return int(self.key) > int(holder_key or 0)


LOCKS = pytest.mark.parametrize("lock", [LEASE_LOCK, CONFIG_MAP_LOCK], ids=["Lease", "ConfigMap"])


def candidate(name: str, namespace: str, **changes: Any) -> Election:
    return msgspec.structs.replace(Election("leader", namespace, name), **changes)


async def record(client: Client, namespace: str, lock: Lock) -> Record:
    return lock.read(await client.get(lock.kind, "leader", namespace=namespace))


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


@LOCKS
async def test_a_renewal_is_one_request_until_somebody_else_writes_whose_words_stay(
    client: Client, namespace: str, lock: Lock, monkeypatch: pytest.MonkeyPatch
) -> None:
    leader = Elector(client, candidate("a", namespace, lock=lock))
    await leader.acquire()
    sent, request = [], client.transport.request

    async def recorded(call: Call) -> Answer:
        sent.append(call.method)
        return await request(call)

    monkeypatch.setattr(client.transport, "request", recorded)
    assert await leader._try_quietly()
    assert sent == ["PUT"]
    await client.merge_patch(lock.kind, "leader", {"metadata": {"labels": {"by": "another"}}}, namespace=namespace)
    sent.clear()
    assert await leader._try_quietly()
    assert sent == ["PUT", "GET", "PUT"]
    assert (await client.get(lock.kind, "leader", namespace=namespace))["metadata"]["labels"] == {"by": "another"}
    await client.delete(lock.kind, "leader", namespace=namespace)
    sent.clear()
    assert await leader._try_quietly()
    assert sent == ["PUT", "GET", "POST"]


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


async def test_a_config_map_tells_who_leads_in_the_words_of_client_go(client: Client, namespace: str) -> None:
    clocks = Clocks(lambda: 0.0, lambda: 1767323045.5, lambda: 0.0)
    election = candidate("a", namespace, lock=CONFIG_MAP_LOCK, precedence=Rank("7"))
    async with leadership(client, election, clocks):
        found = await client.get(kinds.CONFIG_MAP, "leader", namespace=namespace)
    assert json.loads(found["metadata"]["annotations"][RECORD]) == {
        "holderIdentity": "a",
        "holderKey": "7",
        "leaseDurationSeconds": 30,
        "acquireTime": "2026-01-02T03:04:05Z",
        "renewTime": "2026-01-02T03:04:05Z",
        "leaderTransitions": 0,
    }


async def test_a_lease_tells_the_holder_s_key_as_long_as_it_leads(client: Client, namespace: str) -> None:
    async def key() -> str | None:
        lease = await client.get(kinds.LEASE, "leader", namespace=namespace)
        return lease["metadata"].get("annotations", {}).get(HOLDER_KEY)

    async with leadership(client, candidate("a", namespace, precedence=Rank("7"))):
        assert await key() == "7"
    assert await key() is None


@LOCKS
async def test_what_others_wrote_into_the_object_stays(client: Client, namespace: str, lock: Lock) -> None:
    metadata = {"name": "leader", "namespace": namespace, "labels": {"a": "b"}, "annotations": {"c": "d"}}
    await client.create(lock.kind, {"metadata": metadata})
    async with leadership(client, candidate("a", namespace, lock=lock)):
        assert (await record(client, namespace, lock)).holder_identity == "a"
    found = (await client.get(lock.kind, "leader", namespace=namespace))["metadata"]
    assert found["labels"] == {"a": "b"}
    assert found["annotations"]["c"] == "d"


@LOCKS
async def test_who_goes_before_the_holder_takes_the_lock_and_the_holder_stops(
    client: Client, namespace: str, lock: Lock
) -> None:
    leading = asyncio.Event()

    async def hold() -> None:
        async with leadership(client, candidate("low", namespace, lock=lock, precedence=Rank("1"), retry=0.01)):
            leading.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hold())
    await leading.wait()
    async with leadership(client, candidate("high", namespace, lock=lock, precedence=Rank("2"))):
        with pytest.raises(LeadershipLostError):
            await task
        low = Elector(client, candidate("low", namespace, lock=lock, precedence=Rank("1")))
        assert not await low._try_quietly()
        found = await record(client, namespace, lock)
        assert (found.holder_identity, found.holder_key, found.leader_transitions) == ("high", "2", 1)
    assert (await record(client, namespace, lock)).holder_identity == ""


@LOCKS
async def test_an_equal_waits_until_the_holder_goes(client: Client, namespace: str, lock: Lock) -> None:
    second = Elector(client, candidate("b", namespace, lock=lock, precedence=Rank("1")))
    async with leadership(client, candidate("a", namespace, lock=lock, precedence=Rank("1"))):
        assert not await second._try_quietly()
    assert await second._try_quietly()


@LOCKS
async def test_a_silent_holder_is_deposed_whatever_the_object_s_times_say(
    client: Client, namespace: str, lock: Lock
) -> None:
    behind, ahead = FakeTime(), FakeTime()
    ahead.now += 1_000_000
    await Elector(client, candidate("silent", namespace, lock=lock), ahead.clocks()).acquire()
    waiting = Elector(client, candidate("waiting", namespace, lock=lock), behind.clocks())
    assert not await waiting._try_quietly()
    behind.now += 29.9
    assert not await waiting._try_quietly()
    behind.now += 0.2
    assert await waiting._try_quietly()


async def test_a_record_that_cannot_be_read_makes_nobody_a_leader(client: Client, namespace: str) -> None:
    metadata = {"name": "leader", "namespace": namespace, "annotations": {RECORD: "{"}}
    await client.create(kinds.CONFIG_MAP, {"metadata": metadata})
    elector = Elector(client, candidate("a", namespace, lock=CONFIG_MAP_LOCK))
    assert not await elector._try_quietly()
    await client.delete(kinds.CONFIG_MAP, "leader", namespace=namespace)
    assert await elector._try_quietly()


@LOCKS
async def test_a_renewal_that_was_cut_off_hinders_no_release(client: Client, namespace: str, lock: Lock) -> None:
    elector = Elector(client, candidate("a", namespace, lock=lock))
    await elector.acquire()
    assert await Elector(client, candidate("a", namespace, lock=lock))._try_quietly()  # written, but not noted
    await elector.release()
    assert (await record(client, namespace, lock)).holder_identity == ""
