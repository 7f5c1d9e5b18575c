"""When copies are written: after changes settled, at most once in an interval, and soon enough when they never end."""

from __future__ import annotations

from isthmus.control_plane.last_known.schedule import Schedule, keep_pace

PACE = keep_pace(30.0)


def test_the_pace_follows_from_the_interval() -> None:
    assert (PACE.look, PACE.settle, PACE.between, PACE.confirm) == (1.0, 5.0, 30.0, 300.0)


def test_nothing_is_due_without_a_change() -> None:
    assert not Schedule(PACE).due("far", 1000.0)


def test_a_change_is_due_when_it_has_settled() -> None:
    schedule = Schedule(PACE)
    schedule.changed(["far"], 0.0)
    assert not schedule.due("far", 4.9)
    schedule.changed(["far"], 4.0)
    assert not schedule.due("far", 8.9)
    assert schedule.due("far", 9.0)
    assert not schedule.due("near", 9.0)


def test_changes_that_never_end_are_written_once_per_interval() -> None:
    schedule = Schedule(PACE)
    writes = []
    for second in range(300):
        schedule.changed(["far"], float(second))
        if schedule.due("far", float(second)):
            schedule.writing("far", float(second))
            writes.append(second)
    assert writes == [30, 61, 92, 123, 154, 185, 216, 247, 278]


def test_a_try_that_failed_is_not_repeated_before_the_interval_is_over() -> None:
    schedule = Schedule(PACE)
    schedule.changed(["far"], 0.0)
    schedule.writing("far", 10.0)
    schedule.changed(["far"], 10.0)
    assert not schedule.due("far", 39.0)
    assert schedule.due("far", 40.0)


def test_only_a_copy_without_changes_is_confirmed() -> None:
    schedule = Schedule(PACE)
    schedule.writing("far", 0.0)
    assert not schedule.confirmation_due("far", 299.0)
    assert schedule.confirmation_due("far", 300.0)
    schedule.changed(["far"], 300.0)
    assert not schedule.confirmation_due("far", 300.0)


def test_a_cluster_that_is_gone_is_forgotten() -> None:
    schedule = Schedule(PACE)
    schedule.changed(["far"], 0.0)
    schedule.forget("far")
    assert not schedule.due("far", 100.0)
