"""East-west gateways that are killed while requests flow."""

import asyncio
import time

from joined_mesh import READY_SECONDS, Mesh, both_answer, eventually, kill, only_pod, scaled, tally

from isthmus.cli.demo.members import GATEWAY, SYSTEM
from isthmus.kube import kinds
from isthmus.lab.calls import Caller, failures

RECOVERED_SECONDS = 2.0
LOST_WITH_A_GATEWAY = 4
"""Requests that were under way through a gateway that was killed: a tenth of a second's worth, and some to spare."""


async def test_a_gateway_pod_that_is_killed_costs_what_was_under_way_at_most(mesh: Mesh, caller: Caller) -> None:
    former = await only_pod(mesh.there, "istio=eastwestgateway")
    found = await mesh.there.api.get(kinds.POD, former, namespace=SYSTEM)
    container = found["status"]["containerStatuses"][0]["containerID"].removeprefix("containerd://")
    assert mesh.runs(mesh.there, container)

    async def ended() -> bool:
        return not mesh.runs(mesh.there, container)

    async with scaled(mesh.there, GATEWAY, 2):
        killed = time.time()
        await kill(mesh.there, former)
        await eventually(ended, "the kubelet has ended the gateway", READY_SECONDS)
        gone = time.time()
        await asyncio.sleep(RECOVERED_SECONDS)
        calls = await caller.until(both_answer, since=gone + RECOVERED_SECONDS, seconds=10)
        assert failures(calls) == ()
        calls = await caller.calls()
        print(tally(calls))
        assert len(failures(calls)) <= LOST_WITH_A_GATEWAY
        assert all(killed - 1.0 < call.ended for call in failures(calls))
