"""API servers that are gone for long: requests flow, and endpoints stay."""

import asyncio
import os

import pytest
from joined_mesh import Mesh, both_answer, nothing_was_noticed, steady

from isthmus.lab.calls import failures

LOCAL_SECONDS = 60.0
REMOTE_SECONDS = float(os.environ.get("ISTHMUS_FAULT_SECONDS", "600"))
"""How long the remote API server is gone."""


@pytest.mark.timeout(600)
async def test_a_minute_without_the_local_api_server_costs_no_request(mesh: Mesh) -> None:
    before = mesh.endpoints()
    async with steady(mesh) as caller:
        async with mesh.without_api(mesh.here):
            await asyncio.sleep(LOCAL_SECONDS)
        await mesh.news_reaches_every_client(mesh.here)
        await nothing_was_noticed(caller)
    assert mesh.endpoints() == before


@pytest.mark.timeout(REMOTE_SECONDS + 300)
async def test_minutes_without_the_remote_api_server_cost_no_request(mesh: Mesh) -> None:
    before = mesh.endpoints()
    async with steady(mesh, lifetime=REMOTE_SECONDS + 300) as caller:
        async with mesh.without_api(mesh.there):
            await asyncio.sleep(REMOTE_SECONDS)
            assert mesh.endpoints() == before
            print(mesh.istioctl(mesh.here, "remote-clusters"))
            assert failures(await caller.until(both_answer, seconds=10)) == ()
        await mesh.news_reaches_every_client(mesh.there)
        await nothing_was_noticed(caller)
    assert mesh.endpoints() == before
