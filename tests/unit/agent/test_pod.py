"""The downward API's files."""

from __future__ import annotations

from isthmus.agent.pod import parse_downward_file, read_downward_file


def test_quoted_values_are_read_as_kubernetes_writes_them():
    text = 'app="web"\nnote="a \\"word\\"\\nand a line"\nempty=""\nwith="a=b"\n'
    assert parse_downward_file(text) == {"app": "web", "note": 'a "word"\nand a line', "empty": "", "with": "a=b"}


def test_lines_of_another_form_are_left_out():
    assert parse_downward_file("nonsense\n\na=1\n") == {"a": "1"}


def test_a_volume_that_is_not_mounted_is_empty(tmp_path):
    assert read_downward_file(tmp_path / "labels") == {}
