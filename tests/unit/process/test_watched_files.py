"""Mounted files: changes are seen, however they are made, and what cannot be read counts as missing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from isthmus.process import watched_files
from isthmus.process.watched_files import WatchedFiles, read_text


def test_files_that_come_change_and_go_are_noticed_once(tmp_path: Path) -> None:
    path = tmp_path / "mesh"
    files = WatchedFiles((path,))
    assert (files.changed(), read_text(path)) == (False, None)
    path.write_text("one")
    assert (files.changed(), files.changed(), read_text(path)) == (True, False, "one")
    path.write_text("other")
    assert (files.changed(), read_text(path)) == (True, "other")
    path.unlink()
    assert (files.changed(), read_text(path), files.changed()) == (True, None, False)


def test_a_swapped_link_is_a_change(tmp_path: Path) -> None:
    """As the kubelet does it."""
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mesh").write_text(name)
    link = tmp_path / "..data"
    link.symlink_to("first")
    path = tmp_path / "mesh"
    path.symlink_to("..data/mesh")
    files = WatchedFiles((path,))
    (tmp_path / "new").symlink_to("second")
    (tmp_path / "new").replace(link)
    assert (files.changed(), read_text(path)) == (True, "second")


async def test_who_follows_is_called_after_each_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched_files, "SECONDS", 0.01)
    path, seen = tmp_path / "mesh", asyncio.Queue[str | None]()
    task = asyncio.create_task(WatchedFiles((path,)).follow(lambda: seen.put_nowait(read_text(path))))
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        for text in ("one", "other"):
            (tmp_path / "new").write_text(text)
            (tmp_path / "new").replace(path)
            assert await seen.get() == text
    task.cancel()


def test_what_is_no_text_counts_as_missing(tmp_path: Path) -> None:
    path = tmp_path / "mesh"
    path.write_bytes(b"\xff\xfe")
    assert read_text(path) is None
    assert read_text(tmp_path) is None
    assert read_text(path / "below") is None
