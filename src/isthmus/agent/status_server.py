"""The agent's HTTP interface on port 15020: readiness, metrics, probes, drain.

Knows: paths and who may call them. Does not know how the answers come about.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from isthmus.agent import health
from isthmus.agent.health import Readiness
from isthmus.agent.metrics import MergedMetrics
from isthmus.agent.probes import PREFIXES, Prober
from isthmus.process.http_messages import Request
from isthmus.process.http_server import Handler, Response


@dataclass(frozen=True, slots=True)
class StatusServer:
    """What the paths lead to."""

    readiness: Readiness
    prober: Prober
    metrics: MergedMetrics
    drain: Callable[[], Awaitable[None]]
    quit: Callable[[], None]
    name_table: Callable[[], bytes]

    async def handle(self, request: Request) -> Response:
        """The answer to a request."""
        if request.path.startswith(PREFIXES):
            return await self.prober.handle(request)
        handler = self._routes().get(request.path)
        return await handler(request) if handler else Response(404, b"not found\n")

    def _routes(self) -> Mapping[str, Handler]:
        return {
            health.PATH: self._ready,
            "/metrics": self.metrics.handle,
            "/stats/prometheus": self.metrics.handle,
            "/drain": self._drain,
            "/quitquitquit": self._quit,
            "/debug/ndsz": self._names,
        }

    async def _ready(self, request: Request) -> Response:
        obstacle = await self.readiness.obstacle()
        return Response(503, f"{obstacle}\n".encode()) if obstacle else Response(200)

    async def _drain(self, request: Request) -> Response:
        refusal = _only_own_pod(request, "POST")
        if refusal:
            return refusal
        await self.drain()
        return Response(200, b"OK")

    async def _quit(self, request: Request) -> Response:
        refusal = _only_own_pod(request, "POST")
        if refusal:
            return refusal
        self.quit()
        return Response(200, b"OK")

    async def _names(self, request: Request) -> Response:
        refusal = _only_own_pod(request, "GET")
        return refusal or Response(200, self.name_table(), {"Content-Type": "application/json"})


def _only_own_pod(request: Request, method: str) -> Response | None:
    """A refusal for callers from outside of the pod and for other methods."""
    if not request.from_loopback:
        return Response(HTTPStatus.FORBIDDEN, b"only from within the pod\n")
    if request.method != method:
        return Response(HTTPStatus.METHOD_NOT_ALLOWED, f"use {method}\n".encode(), {"Allow": method})
    return None
