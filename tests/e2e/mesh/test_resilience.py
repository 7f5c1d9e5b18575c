"""Faults while 20 requests per second flow from cluster1's client to both versions: what each costs, and recovery."""

import asyncio
import time

from joined_mesh import (
    READY_SECONDS,
    UNNOTICED_SECONDS,
    Mesh,
    all_answered_by,
    both_answer,
    eventually,
    nothing_was_noticed,
    only_pod,
    scaled,
)

from isthmus.cli.demo.joining import join
from isthmus.cli.demo.members import GATEWAY, SYSTEM
from isthmus.kube import kinds
from isthmus.kube.wait import wait_gone, wait_ready
from isthmus.lab import faults
from isthmus.lab.calls import Caller, failures, longest_silence

CUT_SECONDS = 15.0
HEALED_SECONDS = 10.0
"""How long after the healing a request may still fail: connections that were tried meanwhile wait for TCP's timers."""


async def test_a_control_plane_that_restarts_costs_no_request_and_no_endpoint(mesh: Mesh, caller: Caller) -> None:
    before, former = mesh.endpoints(), await only_pod(mesh.here, "app=istiod")
    await mesh.here.api.delete(kinds.POD, former, namespace=SYSTEM)
    await wait_gone(mesh.here.api, kinds.POD, former, namespace=SYSTEM, seconds=READY_SECONDS)
    await wait_ready(mesh.here.api, kinds.DEPLOYMENT, "istiod", namespace=SYSTEM, seconds=READY_SECONDS)
    await mesh.news_reaches_every_client(mesh.there)
    await nothing_was_noticed(caller)
    assert mesh.endpoints() == before


async def test_an_api_server_that_restarts_costs_no_request_and_no_endpoint(mesh: Mesh, caller: Caller) -> None:
    before = mesh.endpoints()
    async with mesh.without_api(mesh.here):
        await asyncio.sleep(5)
    await mesh.news_reaches_every_client(mesh.here)
    await nothing_was_noticed(caller)
    assert mesh.endpoints() == before


async def test_a_cut_link_costs_requests_to_the_far_side_only_and_no_endpoint(mesh: Mesh, caller: Caller) -> None:
    before = mesh.endpoints()
    faults.cut(mesh.record, mesh.here.name, mesh.there.name)
    cut = time.time()
    try:
        await asyncio.sleep(CUT_SECONDS / 2)
        assert mesh.endpoints() == before
        await asyncio.sleep(cut + CUT_SECONDS - time.time())
        assert mesh.endpoints() == before
    finally:
        faults.heal(mesh.record)
    healed = time.time()
    await caller.until(both_answer, since=healed, seconds=HEALED_SECONDS + 5)
    await mesh.news_reaches_every_client(mesh.there)
    calls = await caller.calls()
    failed = failures(calls)
    assert all(cut - 2.0 < call.began < healed + HEALED_SECONDS for call in failed)
    assert longest_silence(calls, "v1") < UNNOTICED_SECONDS, "v1 is in the same cluster"
    during = [call for call in calls if cut < call.began < healed - 2.0]
    assert {call.version for call in during if not call.failed} == {"v1"}
    assert sum(call.failed for call in during) < 0.7 * len(during), "about half of them go to the far side"
    assert mesh.endpoints() == before


async def test_a_remote_secret_that_goes_and_returns_costs_no_request(mesh: Mesh, caller: Caller) -> None:
    before, name = mesh.endpoints(), f"istio-remote-secret-{mesh.there.name}"
    await mesh.here.api.delete(kinds.SECRET, name, namespace=SYSTEM)
    await caller.until(all_answered_by("v1"), seconds=10)
    assert len(mesh.endpoints()) < len(before)
    await join(mesh.here, mesh.there)
    calls = await caller.until(both_answer, seconds=10)
    assert failures(calls) == ()
    assert mesh.endpoints() == before


async def test_a_rotated_credential_takes_over_without_a_gap(mesh: Mesh, caller: Caller) -> None:
    rotated, former = time.time(), await mesh.token_secrets(mesh.there)
    new = await mesh.new_token_secret(mesh.there)
    command = ("create-remote-secret", "--name", mesh.there.name, "--secret-name", new)
    mesh.lab.kubectl(mesh.here.context, "apply", "-f", "-", text=mesh.istioctl(mesh.there, *command))
    for secret in former:
        await mesh.there.api.delete(kinds.SECRET, secret, namespace=SYSTEM)

    async def taken_over() -> bool:
        log = mesh.log_of_control_plane(mesh.here, since=rotated)
        return '"rotated": true' in log and '"event": "remote cluster synced"' in log

    await eventually(taken_over, "the control plane reads with the new credential")
    await mesh.news_reaches_every_client(mesh.there)
    await nothing_was_noticed(caller)


async def test_a_gateway_pod_that_goes_costs_no_request_while_another_is_there(mesh: Mesh, caller: Caller) -> None:
    former = await only_pod(mesh.there, "istio=eastwestgateway")
    async with scaled(mesh.there, GATEWAY, 2):
        await mesh.there.api.delete(kinds.POD, former, namespace=SYSTEM)
        await wait_gone(mesh.there.api, kinds.POD, former, namespace=SYSTEM, seconds=READY_SECONDS)
        await nothing_was_noticed(caller)
