"""East-west gateways that are killed while requests flow."""

from joined_mesh import READY_SECONDS, Mesh, both_answer, kill, only_pod, scaled, tally

from isthmus.cli.demo.members import GATEWAY, SYSTEM
from isthmus.kube import kinds
from isthmus.kube.wait import wait_gone
from isthmus.lab.calls import Caller, failures

LOST_WITH_A_GATEWAY = 4
"""Requests that were under way through a gateway that was killed: a tenth of a second's worth, and some to spare."""


async def test_a_gateway_pod_that_is_killed_costs_what_was_under_way_at_most(mesh: Mesh, caller: Caller) -> None:
    former = await only_pod(mesh.there, "istio=eastwestgateway")
    async with scaled(mesh.there, GATEWAY, 2):
        await kill(mesh.there, former)
        await wait_gone(mesh.there.api, kinds.POD, former, namespace=SYSTEM, seconds=READY_SECONDS)
        calls = await caller.until(both_answer, seconds=10)
        print(tally(calls))
        assert len(failures(calls)) <= LOST_WITH_A_GATEWAY
