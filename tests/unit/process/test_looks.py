"""Looks of one pace share their moments."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from isthmus.process.looks import moment_of_next, next_look

moments = st.floats(0, 1e7)
paces = st.floats(0.01, 600)


@given(moments, st.floats(0, 0.4), paces)
def test_who_looks_a_little_later_looks_next_time_with_the_others(start: float, late: float, pace: float) -> None:
    due = moment_of_next(start, pace)
    assert abs(moment_of_next(due + late * pace, pace) - (due + pace)) < pace / 1000


@given(moments, paces)
def test_a_look_is_half_to_one_and_a_half_of_its_pace_away(now: float, pace: float) -> None:
    assert 0.499 * pace <= moment_of_next(now, pace) - now <= 1.501 * pace


async def test_a_look_is_awaited() -> None:
    clock = asyncio.get_running_loop().time
    begun = clock()
    await next_look(0.02)
    assert clock() - begun > 0.008
