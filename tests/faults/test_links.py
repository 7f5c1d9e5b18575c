"""Links that are slow, lossy, or open in one direction only."""

import asyncio
import time

from joined_mesh import Mesh, both_answer, nothing_was_noticed, steady, tally

from isthmus.lab import faults
from isthmus.lab.calls import failures

FAULT_SECONDS = 30.0
HEALED_SECONDS = 10.0
"""How long after the healing a request may still fail: connections that were tried meanwhile wait for TCP's timers."""


async def test_a_slow_and_lossy_link_costs_time_and_no_request(mesh: Mesh) -> None:
    before = mesh.endpoints()
    async with steady(mesh, patience=15.0) as caller:
        faults.slow(mesh.record, mesh.here.name, mesh.there.name, delay=200, loss=1.0)
        began = time.time()
        try:
            await asyncio.sleep(FAULT_SECONDS)
            await mesh.news_reaches_every_client(mesh.there)
            assert mesh.endpoints() == before
            told = await caller.calls(since=began + 1.0)
        finally:
            faults.heal(mesh.record)
        print(tally(told))
        far = sorted(call.seconds for call in told if call.version == "v2")
        print(f"v2: median {far[len(far) // 2]:.2f} s, 99th percentile {far[len(far) * 99 // 100]:.2f} s")
        assert far[0] >= 0.4, "a round trip passes the link twice"
        await caller.until(both_answer, since=time.time(), seconds=HEALED_SECONDS)
        assert failures(await caller.calls()) == ()


async def test_a_cluster_that_cannot_call_back_is_not_missed(mesh: Mesh) -> None:
    before = mesh.endpoints()
    async with steady(mesh) as caller:
        faults.cut(mesh.record, mesh.there.name, mesh.here.name, one_way=True)
        try:
            await asyncio.sleep(FAULT_SECONDS)
            await mesh.news_reaches(mesh.there, mesh.here)
            assert mesh.endpoints() == before
        finally:
            faults.heal(mesh.record)
        await mesh.news_reaches_every_client(mesh.here)
        await nothing_was_noticed(caller)


async def test_what_is_lost_one_way_costs_requests_to_the_far_side_only(mesh: Mesh) -> None:
    before = mesh.endpoints()
    async with steady(mesh) as caller:
        cut = time.time()
        faults.cut(mesh.record, mesh.here.name, mesh.there.name, one_way=True)
        try:
            await asyncio.sleep(FAULT_SECONDS)
            assert mesh.endpoints() == before
        finally:
            faults.heal(mesh.record)
        healed = time.time()
        await caller.until(both_answer, since=healed, seconds=HEALED_SECONDS + 5)
        await mesh.news_reaches_every_client(mesh.there)
        told = await caller.calls()
        print(tally(told))
        assert all(cut - 2.0 < call.began < healed + HEALED_SECONDS for call in failures(told))
        during = [call for call in told if cut < call.began < healed - 2.0]
        assert {call.version for call in during if not call.failed} == {"v1"}
        assert mesh.endpoints() == before
