"""Delays between tries."""

from isthmus.kube.backoff import Backoff


def test_delays_double_up_to_the_longest() -> None:
    backoff = Backoff(lambda: 1.0, first=1.0, longest=5.0)
    assert [backoff.next() for _ in range(5)] == [1.0, 2.0, 4.0, 5.0, 5.0]


def test_delays_are_spread_over_the_upper_half() -> None:
    assert Backoff(lambda: 0.0, first=1.0).next() == 0.5
    assert Backoff(lambda: 0.5, first=1.0).next() == 0.75


def test_success_starts_over() -> None:
    backoff = Backoff(lambda: 1.0, first=1.0)
    backoff.next()
    backoff.next()
    backoff.reset()
    assert backoff.next() == 1.0


def test_the_servers_wish_is_a_lower_bound() -> None:
    backoff = Backoff(lambda: 1.0, first=1.0)
    assert backoff.next(7.0) == 7.0
    assert backoff.next(0.1) == 2.0
