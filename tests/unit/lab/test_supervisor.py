"""Daemons are started, restarted, replaced and stopped."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from isthmus.lab.node.spec import Daemon, DaemonStatus
from isthmus.lab.node.supervisor import Supervisor

SLEEPER = Daemon("sleeper", ("sleep", "1000"))


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    made = Supervisor(tmp_path)
    yield made
    for each in made.status():
        made.stop(each.name)
        if each.pid:
            os.waitpid(each.pid, 0)


def only(supervisor: Supervisor) -> DaemonStatus:
    (status,) = supervisor.status()
    return status


def collect(supervisor: Supervisor, pid: int) -> None:
    os.waitpid(pid, 0)
    supervisor.ended(pid)


def run_until_started(supervisor: Supervisor) -> None:
    while (wait := supervisor.tick()) is not None:
        signal.sigtimedwait((), wait)


def test_a_daemon_that_ends_is_started_again(supervisor: Supervisor) -> None:
    supervisor.start(SLEEPER)
    first = only(supervisor)
    os.kill(first.pid, signal.SIGKILL)
    collect(supervisor, first.pid)
    assert only(supervisor).pid == 0
    run_until_started(supervisor)
    assert only(supervisor).starts == 2


def test_a_stopped_daemon_stays_down_until_it_is_resumed(supervisor: Supervisor) -> None:
    supervisor.start(SLEEPER)
    pid = only(supervisor).pid
    supervisor.stop("sleeper")
    collect(supervisor, pid)
    assert supervisor.tick() is None
    assert only(supervisor) == DaemonStatus("sleeper", pid=0, starts=1, wanted=False)
    supervisor.resume("sleeper")
    assert only(supervisor).pid


def test_starting_a_running_daemon_changes_nothing(supervisor: Supervisor) -> None:
    supervisor.start(SLEEPER)
    before = only(supervisor)
    supervisor.start(SLEEPER)
    assert only(supervisor) == before


def test_a_new_command_replaces_the_running_one(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(SLEEPER)
    pid = only(supervisor).pid
    supervisor.start(Daemon("sleeper", ("echo", "the new one")))
    collect(supervisor, pid)
    run_until_started(supervisor)
    collect(supervisor, only(supervisor).pid)
    assert (tmp_path / "sleeper.log").read_text() == "the new one\n"


def test_restarts_slow_down_when_a_daemon_keeps_failing(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(Daemon("failing", ("sh", "-c", "echo why >&2; exit 1")))
    waits = []
    for _ in range(3):
        collect(supervisor, only(supervisor).pid)
        waits.append(supervisor.tick())
        run_until_started(supervisor)
    collect(supervisor, only(supervisor).pid)
    assert waits == sorted(waits)
    assert waits[0] < waits[-1]
    assert (tmp_path / "failing.log").read_text() == "why\n" * 4


def test_foreign_children_are_nobodys_business(supervisor: Supervisor) -> None:
    supervisor.ended(1)
    assert supervisor.status() == ()


def test_stopping_an_unknown_daemon_is_an_error(supervisor: Supervisor) -> None:
    with pytest.raises(KeyError):
        supervisor.stop("nobody")
