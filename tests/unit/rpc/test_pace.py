"""Clients that ask for more than their share wait; those that do not never do."""

from __future__ import annotations

import pytest

from isthmus.rpc.pace import Pace, Pacer, Pacers


def test_a_burst_is_free_and_what_goes_beyond_it_takes_its_time() -> None:
    pacer = Pacer(Pace(rate=2, burst=3), 100.0)
    assert [pacer.spend(1, 100.0) for _ in range(5)] == [0, 0, 0, 0.5, 1.0]
    assert pacer.owes(100.5) == 0.5
    assert pacer.spend(1, 101.0) == 0.5


def test_a_client_that_was_quiet_has_its_burst_again_and_no_more() -> None:
    pacer = Pacer(Pace(rate=1, burst=2), 0.0)
    pacer.spend(2, 0.0)
    assert pacer.spend(2, 1000.0) == 0
    assert pacer.spend(1, 1000.0) == 1


def test_work_that_a_client_cannot_afford_now_is_not_noted() -> None:
    pacer = Pacer(Pace(rate=1, burst=2), 0.0)
    assert [pacer.affords(1, 0.0) for _ in range(4)] == [True, True, False, False]
    assert pacer.owes(0.0) == 0
    assert pacer.affords(1, 1.0)


def test_one_key_does_not_pay_for_another() -> None:
    pacers = Pacers(Pace(rate=1, burst=1))
    assert [pacers.spend("a", 10, 0.0) for _ in range(3)] == [0, 1, 2]
    assert pacers.spend("b", 10, 0.0) == 0


def test_beyond_the_longest_wait_a_key_is_told_no_which_costs_it_nothing() -> None:
    pacers = Pacers(Pace(rate=1, burst=1))
    waits = [pacers.spend("a", 2, 0.0) for _ in range(10)]
    assert waits == [0, 1, 2, 3, *[None] * 6]
    assert pacers.spend("a", 2, 1.0) == pytest.approx(3)


def test_keys_are_bounded_and_the_ones_in_use_stay() -> None:
    pacers = Pacers(Pace(rate=1, burst=1), most=3)
    pacers.spend("kept", 9, 0.0)
    for number in range(100):
        pacers.spend(number, 9, 0.0)
        pacers.spend("kept", 9, 0.0)
    assert len(pacers) == 3
    assert pacers.spend("kept", 9, 0.0) is None
