"""How a proxy leaves: it stops taking connections, lets the open ones finish, and only then ends.

Knows: the order and the times. Does not know signals or HTTP.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable

from isthmus.agent.envoy import Admin, Envoy
from isthmus.agent.settings import Settings
from isthmus.process.http_messages import HttpError

log = logging.getLogger("drain")

_ACTIVE = "/stats?filter=%5Elistener%5C..*%5C.downstream_cx_active%24"
_POLL_SECONDS = 1.0
_KILL_SECONDS = 5.0
_ROUTER_PATIENCE = 3
"""How many times the termination drain a router may take while connections are open.

Clients renew connections through gateways every 10 s (``translate/clusters/http_options``); by default this is 15 s,
half of a pod's usual time to end.
"""

Sleep = Callable[[float], Awaitable[None]]


class Drainer:
    """Drains one Envoy once; ``draining`` is seen by the readiness probe."""

    def __init__(self, envoy: Envoy, settings: Settings, sleep: Sleep = asyncio.sleep) -> None:
        self._envoy = envoy
        self._settings = settings.drain
        self._is_router = settings.proxy_type == "router"
        self._own_ports = (settings.ports.envoy_status, settings.ports.envoy_prometheus)
        self._sleep = sleep
        self.draining = False

    async def begin(self) -> None:
        """Listeners tell their clients to go elsewhere; Envoy goes on serving. A second call does nothing."""
        if self.draining:
            return
        self.draining = True
        # A router's listeners face outwards: Envoy does not count them as inbound.
        scope = "" if self._is_router else "inboundonly&"
        try:
            await self._envoy.admin.post(f"/drain_listeners?{scope}graceful&skip_exit")
        except (OSError, TimeoutError, HttpError) as error:
            log.warning("Envoy could not be told to drain: %s", error)

    async def finish(self) -> None:
        """Drains for as long as the settings say, then ends Envoy.

        A router goes on while connections are open, up to three times as long: what it passes on undecrypted it
        cannot end without loss, and clients leave it by themselves.
        """
        await self.begin()
        settings = self._settings
        if settings.until_no_connections:
            await self._sleep(settings.minimum_seconds)
            await self._until_no_connections(math.inf)
        else:
            await self._sleep(settings.termination_seconds)
            if self._is_router:
                await self._until_no_connections(settings.termination_seconds * (_ROUTER_PATIENCE - 1))
        await self._end()

    async def _until_no_connections(self, seconds: float) -> None:
        waited = 0.0
        while waited < seconds and self._envoy.running:
            active = await active_connections(self._envoy.admin, self._own_ports)
            if not active:
                return
            log.info("%d connections are still open", active)
            pause = min(_POLL_SECONDS, seconds - waited)
            await self._sleep(pause)
            waited += pause

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
