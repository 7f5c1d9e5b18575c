"""Mounted files: changes are seen, however they are made, and what cannot be read counts as missing."""

from __future__ import annotations

from pathlib import Path

from isthmus.control_plane.watched_files import WatchedFiles


def watched(*paths: Path) -> tuple[WatchedFiles, list[int]]:
    calls: list[int] = []
    return WatchedFiles(paths, lambda: calls.append(len(calls))), calls


def test_files_that_come_change_and_go_are_noticed_once(tmp_path: Path) -> None:
    path = tmp_path / "mesh"
    files, calls = watched(path)
    assert (files.check(), files.text(path)) == (False, None)
    path.write_text("one")
    assert (files.check(), files.check(), files.text(path)) == (True, False, "one")
    path.write_text("other")
    assert (files.check(), files.text(path)) == (True, "other")
    path.unlink()
    assert (files.check(), files.text(path), len(calls)) == (True, None, 3)


def test_a_swapped_link_is_a_change(tmp_path: Path) -> None:
    """As the kubelet does it."""
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mesh").write_text(name)
    link = tmp_path / "..data"
    link.symlink_to("first")
    path = tmp_path / "mesh"
    path.symlink_to("..data/mesh")
    files, _ = watched(path)
    (tmp_path / "new").symlink_to("second")
    (tmp_path / "new").replace(link)
    assert (files.check(), files.text(path)) == (True, "second")


def test_what_is_no_text_counts_as_missing(tmp_path: Path) -> None:
    path = tmp_path / "mesh"
    path.write_bytes(b"\xff\xfe")
    files, _ = watched(path)
    assert files.text(path) is None
    assert files.text(tmp_path) is None
    assert files.text(path / "below") is None
