"""Durations as users write them."""

from __future__ import annotations

import pytest

from isthmus.process.durations import seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5s", 5), ("100ms", 0.1), ("1h30m", 5400), ("0", 0), ("1.5h", 5400), ("24h", 86400), ("-2s", -2), ("3us", 3e-6)],
)
def test_durations_are_read_in_seconds(text, expected):
    assert seconds(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "5", "s", "5 s", "1h30", "abc"])
def test_other_texts_are_named(text):
    with pytest.raises(ValueError, match="is not a duration"):
        seconds(text)
