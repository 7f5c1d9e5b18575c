"""How a proxy leaves: it stops taking connections, lets the open ones finish, and only then ends.

Knows: the order and the times. Does not know signals or HTTP.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from isthmus.agent.envoy import Admin, Envoy
from isthmus.agent.settings import Settings
from isthmus.process.http_messages import HttpError

log = logging.getLogger("drain")

_ACTIVE = "/stats?filter=%5Elistener%5C..*%5C.downstream_cx_active%24"
_POLL_SECONDS = 1.0
_KILL_SECONDS = 5.0

Sleep = Callable[[float], Awaitable[None]]


class Drainer:
    """Drains one Envoy once; ``draining`` is seen by the readiness probe."""

    def __init__(self, envoy: Envoy, settings: Settings, sleep: Sleep = asyncio.sleep) -> None:
        self._envoy = envoy
        self._settings = settings.drain
        # A gateway's listeners face outwards: Envoy does not count them as inbound.
        self._inbound_only = settings.proxy_type == "sidecar"
        self._own_ports = (settings.ports.envoy_status, settings.ports.envoy_prometheus)
        self._sleep = sleep
        self.draining = False

    async def begin(self) -> None:
        """Listeners tell their clients to go elsewhere; Envoy goes on serving. A second call does nothing."""
        if self.draining:
            return
        self.draining = True
        scope = "inboundonly&" if self._inbound_only else ""
        try:
            await self._envoy.admin.post(f"/drain_listeners?{scope}graceful&skip_exit")
        except (OSError, TimeoutError, HttpError) as error:
            log.warning("Envoy could not be told to drain: %s", error)

    async def finish(self) -> None:
        """Drains for as long as the settings say, then ends Envoy."""
        await self.begin()
        if self._settings.until_no_connections:
            await self._sleep(self._settings.minimum_seconds)
            while self._envoy.running and (active := await active_connections(self._envoy.admin, self._own_ports)):
                log.info("%d connections are still open", active)
                await self._sleep(_POLL_SECONDS)
        else:
            await self._sleep(self._settings.termination_seconds)
        await self._end()

    async def _end(self) -> None:
        self._envoy.terminate()
        try:
            async with asyncio.timeout(_KILL_SECONDS):
                await self._envoy.wait()
        except TimeoutError:
            self._envoy.kill()


async def active_connections(admin: Admin, own_ports: tuple[int, ...]) -> int:
    """Connections open at Envoy's listeners, without its own ports for statistics, readiness and admin.

    0 when Envoy does not answer: there is nothing left to wait for.
    """
    try:
        answer = await admin.get(_ACTIVE)
    except (OSError, TimeoutError, HttpError):
        return 0
    return count_active(answer.body.decode(), own_ports)


def count_active(stats: str, own_ports: tuple[int, ...]) -> int:
    """The sum over listeners in Envoy's text statistics, Envoy's own listeners left out."""
    own = ("listener.admin.", *(f"_{port}." for port in own_ports))
    lines = (line.rpartition(": ") for line in stats.splitlines())
    return sum(
        int(value)
        for name, _, value in lines
        if value.isdecimal() and name.startswith("listener.") and not any(part in name for part in own)
    )
