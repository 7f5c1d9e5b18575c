"""Makes this directory's own modules importable by its tests, and ends the servers that they start."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from plane import Plane


@pytest.fixture
async def start() -> AsyncIterator[Callable[..., Awaitable[Plane]]]:
    planes: list[Plane] = []

    async def begin(settings: Any = None, caller: Any = None) -> Plane:
        plane = Plane(settings)
        planes.append(plane)
        await plane.start(caller)
        return plane

    yield begin
    for plane in planes:
        await plane.rpc.close()
