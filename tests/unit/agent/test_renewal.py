"""When certificates are renewed and attempts repeated."""

from __future__ import annotations

from itertools import islice

import pytest

from isthmus.agent.renewal import renewal_delay, retry_delays
from isthmus.agent.validity import Validity

DAY = Validity(0, 86400)


def test_a_certificate_is_renewed_when_half_of_its_life_is_left():
    assert renewal_delay(DAY, 0, 0.5, 0) == 43200
    assert renewal_delay(DAY, 40000, 0.5, 0) == 3200


def test_jitter_moves_the_renewal_by_its_share_of_the_lifetime():
    assert renewal_delay(DAY, 0, 0.5, 0.01) == pytest.approx(43200 - 864)
    assert renewal_delay(DAY, 0, 0.5, -0.01) == pytest.approx(43200 + 864)


def test_a_certificate_that_is_overdue_is_renewed_soon_but_not_in_a_flood():
    assert renewal_delay(DAY, 90000, 0.5, 0) == 1.0


def test_attempts_are_spread_and_grow_up_to_a_limit():
    assert list(islice(retry_delays(0.1, 1.0, lambda: 1.0), 6)) == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.0, 1.0])
    assert list(islice(retry_delays(0.1, 1.0, lambda: 0.0), 2)) == pytest.approx([0.05, 0.1])
