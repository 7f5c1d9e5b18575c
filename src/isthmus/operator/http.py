"""The operator's HTTP side: health and metrics."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CollectorRegistry

from isthmus.control_plane.addresses import Address
from isthmus.control_plane.errors import listening
from isthmus.control_plane.http import add_metrics


@asynccontextmanager
async def serving(
    address: Address | None, ready: Callable[[], bool], registry: CollectorRegistry
) -> AsyncIterator[None]:
    """Serves `/healthz`, `/readyz` and `/metrics` inside; None serves nothing. Raises StartError."""
    if address is None:
        yield
        return
    app = web.Application()
    _add_health(app, ready)
    add_metrics(app, registry)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        with listening(address):
            await web.TCPSite(runner, address.host or None, address.port).start()
        yield
    finally:
        await runner.cleanup()


def _add_health(app: web.Application, ready: Callable[[], bool]) -> None:
    async def alive(request: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def readiness(request: web.Request) -> web.Response:
        return web.Response(text="ok") if ready() else web.Response(status=503, text="the API server has not answered")

    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", readiness)
