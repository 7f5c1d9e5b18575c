"""The demonstration's mesh on the session's lab, installed once, and a client that calls steadily."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from joined_mesh import Mesh, steady

from isthmus.cli.demo.members import member
from isthmus.cli.demo.story import play
from isthmus.lab.calls import Caller
from isthmus.lab.clusters import client
from isthmus.lab.progress import Quiet
from isthmus.lab.state import require


@pytest.fixture(scope="session")
def installed(lab: Any) -> Any:
    """The lab with the demonstration's mesh on it."""
    asyncio.run(play(lab.plan, lab.files, Quiet()))
    return lab


@pytest.fixture
async def mesh(installed: Any) -> AsyncIterator[Mesh]:
    """Both clusters with an administrator's clients."""
    async with AsyncExitStack() as stack:
        here, there = [
            member(plan, position, await stack.enter_async_context(client(installed.files, plan.cluster.name)))
            for position, plan in enumerate(installed.plan.clusters)
        ]
        yield Mesh(installed, require("e2e"), here, there)


@pytest.fixture
async def caller(mesh: Mesh) -> AsyncIterator[Caller]:
    """20 requests per second from `here`, whose sidecar sends them to v1 and v2; both have answered already."""
    async with steady(mesh) as caller:
        yield caller
