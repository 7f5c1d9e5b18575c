"""Gateways that are known by name: what is resolved stays until there is something newer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from isthmus.collections import Graph, Source
from isthmus.control_plane.names import NameResolver


@pytest.fixture
def graph() -> Graph:
    return Graph(strict=True)


async def resolved(graph: Graph, *names: str) -> dict[str, Any]:
    """The source after these names were wanted, one set after the other."""
    source: Source[str, tuple[str, ...]] = graph.source("names")
    settled = asyncio.Event()
    graph.observe(lambda _: settled.set())
    resolver = NameResolver(source, graph.apply)
    task = asyncio.create_task(resolver.run())
    for wanted in names:
        settled.clear()
        resolver.want(wanted.split())
        await asyncio.wait_for(settled.wait(), 30)
    task.cancel()
    await asyncio.wait((task,))
    return dict(source.items())


async def test_a_name_has_all_its_addresses(graph: Graph) -> None:
    found = await resolved(graph, "localhost")
    assert "127.0.0.1" in found["localhost"]


async def test_names_that_nobody_wants_any_more_are_forgotten(graph: Graph) -> None:
    assert await resolved(graph, "localhost", "") == {}


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".example", "under_score.invalid"])
async def test_a_name_that_cannot_be_one_harms_nobody(graph: Graph, name: str) -> None:
    found = await resolved(graph, f"localhost {name}")
    assert list(found) == ["localhost"]
