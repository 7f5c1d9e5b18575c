"""Background work that fails is started again, is counted, and ends nothing else."""

from __future__ import annotations

import asyncio

from prometheus_client import CollectorRegistry

from isthmus.control_plane.background import Background, reason


async def test_work_that_fails_is_started_again_and_the_rest_goes_on() -> None:
    registry = CollectorRegistry()
    twice = asyncio.Event()
    runs: list[str] = []

    async def fragile() -> None:
        runs.append("fragile")
        if len(runs) == 1:
            raise ZeroDivisionError("a bug")
        twice.set()
        await asyncio.Event().wait()

    async with asyncio.TaskGroup() as tasks:
        background = Background(tasks, registry)
        background.keep("fragile", fragile)
        await asyncio.wait_for(twice.wait(), 10)
        assert registry.get_sample_value("isthmus_background_failures_total", {"work": "fragile"}) == 1
        for task in asyncio.all_tasks():
            if task.get_name() == "fragile":
                task.cancel()


def test_the_reason_of_a_group_is_its_first_one() -> None:
    group = ExceptionGroup("outer", [ExceptionGroup("inner", [KeyError("x")]), ValueError("y")])
    assert reason(group) == "bug: KeyError: 'x'"
