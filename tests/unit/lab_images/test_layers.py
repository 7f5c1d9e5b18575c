"""Layers: the same content gives the same bytes, and deletions become whiteouts."""

import os
import tarfile

from isthmus.lab.images.layers import pack


def tree(directory):
    (directory / "usr" / "bin").mkdir(parents=True)
    (directory / "usr" / "bin" / "tool").write_text("#!/bin/sh\n")
    (directory / "usr" / "bin" / "tool").chmod(0o755)
    (directory / "bin").symlink_to("usr/bin")
    os.link(directory / "usr" / "bin" / "tool", directory / "usr" / "bin" / "again")
    return directory


def test_the_same_content_written_later_gives_the_same_digest(tmp_path):
    first, second = tree(tmp_path / "first"), tree(tmp_path / "second")
    os.utime(second / "usr" / "bin" / "tool", (1, 1))
    assert pack(first, tmp_path / "1.tar") == pack(second, tmp_path / "2.tar")


def test_entries_are_sorted_parents_first_and_links_stay_links(tmp_path):
    pack(tree(tmp_path / "tree"), tmp_path / "layer.tar")
    with tarfile.open(tmp_path / "layer.tar") as archive:
        found = {entry.name: entry for entry in archive}
    assert list(found) == ["bin", "usr", "usr/bin", "usr/bin/again", "usr/bin/tool"]
    assert found["bin"].issym()
    assert found["usr/bin/tool"].islnk()
    assert {entry.mtime for entry in found.values()} == {0}


def test_times_are_kept_on_request(tmp_path):
    os.utime(tree(tmp_path / "tree") / "usr" / "bin" / "tool", (7, 7))
    pack(tmp_path / "tree", tmp_path / "layer.tar", keep_times=True)
    with tarfile.open(tmp_path / "layer.tar") as archive:
        assert archive.getmember("usr/bin/again").mtime == 7
