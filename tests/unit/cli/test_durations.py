"""Ages as kubectl prints them."""

import pytest

from isthmus.cli.durations import human_duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0s"),
        (0.9, "0s"),
        (119, "119s"),
        (120, "2m"),
        (185, "3m5s"),
        (600, "10m"),
        (3 * 3600 - 1, "179m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 60, "3h1m"),
        (8 * 3600, "8h"),
        (47 * 3600, "47h"),
        (2 * 86400 + 3 * 3600, "2d3h"),
        (8 * 86400, "8d"),
        (3 * 365 * 86400, "3y"),
        (9 * 365 * 86400 + 5, "9y"),
    ],
)
def test_ages_have_at_most_two_units(seconds: float, text: str) -> None:
    assert human_duration(seconds) == text
