"""Starts the program in a container, fetches what it has told so far, and ends it.

Knows exec and one file in the container, so calls go on and are noted while the API server is away.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from isthmus.kube.client import Client
from isthmus.kube.errors import KubeError
from isthmus.kube.websocket import run_in_pod
from isthmus.lab.calls.call import Call, parse

PROGRAM = Path(__file__).with_name("program.py")
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Container:
    """Where the calls come from; its image has a shell, Python 3, and a writable /tmp."""

    api: Client
    namespace: str
    pod: str
    name: str

    async def run(self, script: str, *arguments: str) -> str:
        """What a shell script prints; KubeError when it fails. `arguments` are its $1, $2, ..."""
        command = ("sh", "-c", script, "sh", *arguments)
        done = await run_in_pod(self.api, self.namespace, self.pod, self.name, command)
        if done.exit_code:
            raise KubeError(f"pod {self.namespace}/{self.pod}: {script}: {done.stderr.decode().strip()}")
        return done.stdout.decode()


@dataclass(frozen=True, slots=True)
class Steadiness:
    """What is called, how often, and for how long at most (so that nothing stays behind); seconds."""

    url: str
    interval: float = 0.05
    timeout: float = 2.0
    lifetime: float = 300.0

    def words(self) -> tuple[str, ...]:
        """The program's arguments."""
        return (self.url, str(self.interval), str(self.timeout), str(self.lifetime))


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that calls at this moment."""

    container: Container
    _file: str = field(default_factory=lambda: f"/tmp/calls-{secrets.token_hex(4)}")  # noqa: S108 - in a container

    async def start(self, steadiness: Steadiness) -> None:
        """Begins to call."""
        script = 'file="$1"; shift; nohup python3 -I -c "$@" >"$file" 2>&1 </dev/null & echo $! >"$file.pid"'
        await self.container.run(script, self._file, PROGRAM.read_text(), *steadiness.words())

    async def stop(self) -> None:
        """Ends the program and removes its file."""
        await self.container.run('kill "$(cat "$1.pid")"; rm -f "$1" "$1.pid"', self._file)

    async def calls(self, since: float = 0.0) -> tuple[Call, ...]:
        """All calls that have ended and that began at or after `since` (Unix time)."""
        told = parse(await self.container.run('cat "$1"', self._file))
        return tuple(call for call in told if call.began >= since)

    async def until(
        self, seen: Callable[[tuple[Call, ...]], bool], *, since: float = 0.0, seconds: float
    ) -> tuple[Call, ...]:
        """The calls since `since` as soon as they are as `seen` says; TimeoutError tells the last ones."""
        deadline = time.monotonic() + seconds
        while not seen(calls := await self.calls(since)):
            if time.monotonic() > deadline:
                last = "; ".join(f"{call.status} {call.text.strip()}" for call in calls[-5:])
                raise TimeoutError(f"not seen within {seconds:g} s; the last of {len(calls)} calls: {last}")
            await asyncio.sleep(_POLL_SECONDS)
        return calls


@asynccontextmanager
async def calling(container: Container, steadiness: Steadiness) -> AsyncIterator[Caller]:
    """Calls while the block runs."""
    caller = Caller(container)
    await caller.start(steadiness)
    try:
        yield caller
    finally:
        await caller.stop()
