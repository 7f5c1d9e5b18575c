"""Resources waiting to be looked at: each by one worker at a time, again after a change, later after a failure."""

import asyncio
from collections.abc import Awaitable, Callable

from isthmus.kube.errors import UnreachableError
from isthmus.operator.worklist import Key, Worklist

A, B = Key("Istio", "a"), Key("Istio", "b")


async def running(work: Callable[[Key], Awaitable[float | None]], test: Callable[[Worklist], Awaitable[None]]) -> None:
    worklist = Worklist(work, lambda: 0.0)
    task = asyncio.create_task(worklist.run())
    try:
        async with asyncio.timeout(10):
            await test(worklist)
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_what_changes_while_it_is_looked_at_is_looked_at_once_more() -> None:
    seen: list[Key] = []
    started, go, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work(key: Key) -> None:
        seen.append(key)
        if len(seen) == 1:
            started.set()
            await go.wait()
        else:
            done.set()

    async def test(worklist: Worklist) -> None:
        worklist.add(A)
        await started.wait()
        worklist.add(A)
        worklist.add(A)
        go.set()
        await done.wait()
        assert seen == [A, A]

    await running(work, test)


async def test_one_resource_does_not_wait_for_another() -> None:
    never, done = asyncio.Event(), asyncio.Event()

    async def work(key: Key) -> None:
        await never.wait() if key == A else done.set()

    async def test(worklist: Worklist) -> None:
        worklist.add(A)
        worklist.add(B)
        await done.wait()

    await running(work, test)


async def test_a_failure_is_tried_again_and_stops_nothing_else() -> None:
    tries: list[Key] = []
    done = asyncio.Event()

    async def work(key: Key) -> None:
        tries.append(key)
        if tries.count(A) == 1:
            raise UnreachableError("nobody there")
        if tries.count(A) == 2:
            raise RuntimeError("a bug")
        done.set()

    async def test(worklist: Worklist) -> None:
        worklist.add(A)
        await done.wait()
        assert tries == [A, A, A]

    await running(work, test)


async def test_work_may_ask_to_be_done_again_later() -> None:
    seen: list[Key] = []
    done = asyncio.Event()

    async def work(key: Key) -> float | None:
        seen.append(key)
        if len(seen) < 3:
            return 0.001
        done.set()
        return None

    async def test(worklist: Worklist) -> None:
        worklist.add(A)
        await done.wait()
        assert seen == [A, A, A]

    await running(work, test)
