"""The Envoy process beside the agent: started once, asked through its admin port, ended with the pod.

Knows: Envoy's command line and admin endpoints. Does not know what Envoy is configured to do.
"""

from __future__ import annotations

import asyncio
import math
import signal
from dataclasses import dataclass

from isthmus.agent.settings import Settings
from isthmus.process.http_client import Answer, Call, fetch

_LOG_FORMAT = "%Y-%m-%dT%T.%fZ\t%l\tenvoy %n %g:%#\t%v\tthread=%t"


def command(settings: Settings) -> list[str]:
    """Envoy's command line; OSError when the user's part of the bootstrap cannot be read."""
    ipv4 = not settings.pod.addresses or "." in settings.pod.addresses[0]
    words = {
        "-c": str(settings.paths.bootstrap),
        "--drain-time-s": str(math.ceil(settings.drain.listener_seconds)),
        "--drain-strategy": "immediate",
        "--local-address-ip-version": "v4" if ipv4 else "v6",
        "--file-flush-interval-msec": "1000",
        "--log-level": settings.logging.envoy,
        "--log-format": _LOG_FORMAT,
        "--restart-epoch": "0",
    }
    if settings.logging.envoy_components:
        words["--component-log-level"] = settings.logging.envoy_components
    workers = concurrency(settings)
    if workers:
        words["--concurrency"] = str(workers)
    override = settings.paths.bootstrap_override
    if override is not None:
        words["--config-yaml"] = override.read_text()  # Envoy lays it over the bootstrap itself
    flags = ["--disable-hot-restart", "--allow-unknown-static-fields"]
    return [settings.proxy.binary_path, *(word for pair in words.items() for word in pair), *flags]


def concurrency(settings: Settings) -> int:
    """Worker threads: as configured, else one for each core that the container may use; 0 for all cores."""
    configured = settings.proxy.concurrency
    return settings.cpu_limit if configured is None else configured


@dataclass(frozen=True, slots=True)
class Admin:
    """Envoy's admin interface on the loopback address."""

    port: int
    timeout_seconds: float = 5.0

    async def get(self, target: str) -> Answer:
        """The answer to a GET; OSError, TimeoutError or HttpError when Envoy does not answer."""
        return await self._call("GET", target)

    async def post(self, target: str) -> Answer:
        """The answer to a POST."""
        return await self._call("POST", target)

    async def _call(self, method: str, target: str) -> Answer:
        return await fetch(Call("127.0.0.1", self.port, target, method), self.timeout_seconds)


class Envoy:
    """One run of Envoy."""

    def __init__(self, process: asyncio.subprocess.Process, admin: Admin) -> None:
        self._process = process
        self.admin = admin

    @classmethod
    async def start(cls, settings: Settings) -> Envoy:
        """Starts the process; OSError when the program cannot be run."""
        process = await asyncio.create_subprocess_exec(*command(settings))
        return cls(process, Admin(settings.ports.admin))

    @property
    def running(self) -> bool:
        """Whether the process has not ended."""
        return self._process.returncode is None

    async def wait(self) -> int:
        """The exit status; 128 plus the signal's number when one ended it, as a shell reports it."""
        status = await self._process.wait()
        return 128 - status if status < 0 else status

    def terminate(self) -> None:
        """Asks Envoy to end."""
        if self.running:
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends Envoy at once."""
        if self.running:
            self._process.kill()
