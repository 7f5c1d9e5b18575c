"""Kept inputs: seeds that are taken, and findings that once crashed, hung or filled the memory."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest
from corpus import CORPUS, content, entries
from targets import TARGETS, attempt

SECONDS = 2.0  # of this thread's own time, many times what any of them takes
BYTES = 64 * 2**20


INPUTS = [pytest.param(*entry, id="/".join(entry[1].parts[-2:])) for entry in entries()]


@pytest.mark.parametrize(("target", "path"), INPUTS)
def test_an_input_is_taken_or_refused_in_bounded_time_and_memory(target: str, path: Path) -> None:
    data = content(path)
    attempt(target, b"")  # what is made once is not counted
    tracemalloc.start()
    started = time.thread_time()
    refusal = attempt(target, data)
    spent = time.thread_time() - started
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert spent < SECONDS
    assert peak < BYTES
    if path.stem.startswith("valid"):
        assert refusal == ""


def test_every_target_has_seeds_and_every_directory_a_target() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)
    valid = {target for target, path in entries() if path.stem.startswith("valid")}
    assert valid == set(TARGETS)
