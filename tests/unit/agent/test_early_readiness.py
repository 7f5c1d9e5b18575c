"""What is said on Envoy's status port before Envoy listens there."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from isthmus.agent import early_readiness
from isthmus.agent.early_readiness import EarlyReadiness
from isthmus.agent.health import Readiness
from isthmus.process.http_client import Answer, Call, fetch


class Proxy:
    """A proxy that is ready as soon as the test says so."""

    def __init__(self) -> None:
        self.missing = "no configuration yet"

    async def obstacle(self) -> str:
        return self.missing


@asynccontextmanager
async def answering(proxy: Proxy) -> AsyncIterator[tuple[int, asyncio.Task[None]]]:
    (listener,) = early_readiness.listen(["127.0.0.1"], 0)
    early = EarlyReadiness(cast(Readiness, proxy), [listener])
    task = asyncio.create_task(early.run())
    yield listener.getsockname()[1], task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def ask(port: int, path: str = "/healthz/ready") -> Answer:
    return await fetch(Call("127.0.0.1", port, path), 5)


async def test_a_request_that_comes_too_early_waits_until_the_proxy_is_ready(monkeypatch):
    monkeypatch.setattr(early_readiness, "HELD_SECONDS", 60)
    proxy = Proxy()
    async with answering(proxy) as (port, _):
        early = asyncio.create_task(ask(port))
        done, _ = await asyncio.wait([early], timeout=0.1)
        assert not done
        proxy.missing = ""
        assert (await early).status == 200


async def test_a_request_that_has_waited_for_long_is_told_what_is_missing(monkeypatch):
    monkeypatch.setattr(early_readiness, "HELD_SECONDS", 0.05)
    async with answering(Proxy()) as (port, _):
        answer = await ask(port)
        assert (answer.status, answer.body) == (503, b"no configuration yet\n")
        assert answer.headers["connection"] == "close"


async def test_other_paths_are_nobodys():
    async with answering(Proxy()) as (port, _):
        assert (await ask(port, "/stats")).status == 404


async def test_the_port_is_envoys_as_soon_as_the_proxy_is_ready():
    proxy = Proxy()
    async with answering(proxy) as (port, task):
        with socket.create_server(("127.0.0.1", port), reuse_port=True):
            proxy.missing = ""
            await task
        with pytest.raises(ConnectionRefusedError):
            await ask(port)


def test_a_port_that_is_taken_is_left_to_who_has_it():
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert early_readiness.listen(["127.0.0.1"], other.getsockname()[1]) == ()
