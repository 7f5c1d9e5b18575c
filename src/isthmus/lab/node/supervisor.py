"""Keeps a node's daemons running.

Knows processes and restart delays; not what the daemons are. Single-threaded: every method is called from one loop.
"""

import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from isthmus.lab.node.spec import Daemon, DaemonStatus

FIRST_DELAY, LONGEST_DELAY = 0.2, 5.0
STEADY_SECONDS = 10.0
"""After running this long, a daemon's next restart is quick again."""


@dataclass(slots=True)
class _State:
    daemon: Daemon
    pid: int = 0
    starts: int = 0
    wanted: bool = True
    started: float = 0.0
    delay: float = FIRST_DELAY
    due: float | None = field(default=0.0)
    """When to start it again (monotonic seconds), or None while it runs or is not wanted."""


class Supervisor:
    """The daemons of one node. The caller reaps children and passes their process ids to `ended`."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._states: dict[str, _State] = {}

    def start(self, daemon: Daemon) -> None:
        """Starts a daemon, unless it runs with the same command; one with another command is replaced."""
        state = self._states.get(daemon.name)
        if state is None:
            state = self._states[daemon.name] = _State(daemon)
        elif state.daemon != daemon and state.pid:
            state.daemon = daemon
            os.kill(state.pid, signal.SIGTERM)
        state.daemon, state.wanted = daemon, True
        if not state.pid:
            self._spawn(state)

    def stop(self, name: str) -> None:
        """Kills a daemon at once and does not start it again. Raises KeyError for one that was never started."""
        state = self._states[name]
        state.wanted, state.due = False, None
        if state.pid:
            os.kill(state.pid, signal.SIGKILL)

    def resume(self, name: str) -> None:
        """Starts a daemon that was stopped, with the command it had. Raises KeyError for one never started."""
        self.start(self._states[name].daemon)

    def ended(self, pid: int) -> None:
        """A child process was reaped. Those that are not daemons (orphans of containers) are ignored."""
        for state in self._states.values():
            if state.pid == pid:
                self._plan_restart(state)

    def tick(self) -> float | None:
        """Starts what is due. Returns the seconds until the next restart, or None where none is planned."""
        now = time.monotonic()
        for state in self._states.values():
            if state.due is not None and state.due <= now:
                self._spawn(state)
        waits = [state.due - now for state in self._states.values() if state.due is not None]
        return max(0.0, min(waits)) if waits else None

    def status(self) -> tuple[DaemonStatus, ...]:
        """All daemons in the order in which they were first started."""
        return tuple(
            DaemonStatus(name=state.daemon.name, pid=state.pid, starts=state.starts, wanted=state.wanted)
            for state in self._states.values()
        )

    def _plan_restart(self, state: _State) -> None:
        now = time.monotonic()
        state.pid = 0
        if not state.wanted:
            return
        if now - state.started > STEADY_SECONDS:
            state.delay = FIRST_DELAY
        state.due = now + state.delay
        state.delay = min(state.delay * 2, LONGEST_DELAY)

    def _spawn(self, state: _State) -> None:
        state.pid = _spawn(state.daemon, self._logs / f"{state.daemon.name}.log")
        state.due, state.started = None, time.monotonic()
        state.starts += 1


def _spawn(daemon: Daemon, log: Path) -> int:
    """posix_spawn with output appended to a log; the child leads a session of its own."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    environment = {**os.environ, **dict(daemon.environment)}
    return os.posix_spawnp(
        daemon.command[0],
        daemon.command,
        environment,
        file_actions=actions,
        setsid=True,
        setsigmask=(),
        setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),  # Python ignores them, and children would inherit that
    )
