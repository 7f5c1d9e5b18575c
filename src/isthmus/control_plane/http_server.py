"""The HTTP ports: health and debug, metrics, and the webhooks over TLS."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CollectorRegistry

from isthmus.control_plane.addresses import Address
from isthmus.control_plane.errors import listening
from isthmus.control_plane.http import DebugAccess, Page, add_debug, add_health, add_metrics
from isthmus.control_plane.settings import Settings
from isthmus.model.identity import Caller, Credentials
from isthmus.rpc.credentials import Authenticate
from isthmus.rpc.refusal import Refused
from isthmus.rpc.tls import ServerTls

_LONGEST_BODY = 8 * 1024 * 1024
_FAREWELL = 2.0  # seconds for answers under way


@dataclass(frozen=True, slots=True)
class HttpParts:
    """What the ports serve."""

    ready: Callable[[], bool]
    pages: Mapping[str, Page]
    access: DebugAccess
    registry: CollectorRegistry
    webhooks: Iterable[web.RouteDef]
    authenticate: Authenticate


class HttpServers:
    """All HTTP listeners of the process."""

    def __init__(self) -> None:
        self._runners: list[web.AppRunner] = []

    async def start(self, settings: Settings, parts: HttpParts, tls: ServerTls) -> None:
        """Opens every port that the settings name. Without a webhook port webhooks are on the plain one (Istio)."""
        if settings.http:
            app = _application()
            add_health(app, parts.ready)
            _add_debug(app, parts)
            if not settings.webhook:
                app.add_routes(parts.webhooks)
            await self._listen(app, settings.http)
        if settings.monitoring:
            app = _application()
            add_metrics(app, parts.registry)
            _add_debug(app, parts)
            await self._listen(app, settings.monitoring)
        if settings.webhook:
            app = _application()
            add_health(app, parts.ready)
            app.add_routes(parts.webhooks)
            await self._listen(app, settings.webhook, tls.context)

    async def _listen(self, app: web.Application, address: Address, tls: ssl.SSLContext | None = None) -> None:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_FAREWELL)
        self._runners.append(runner)
        await runner.setup()
        site = web.TCPSite(runner, address.host or None, address.port, ssl_context=tls, reuse_address=True)
        with listening(address):
            await site.start()

    async def close(self) -> None:
        """Answers what was asked already, then closes."""
        runners, self._runners = self._runners, []
        for runner in runners:
            await runner.cleanup()


def _application() -> web.Application:
    """Paths with doubled slashes are redirected, as Go's servers do: ``istioctl version`` asks for ``//version``."""
    tidy = web.normalize_path_middleware(append_slash=False, merge_slashes=True)
    return web.Application(client_max_size=_LONGEST_BODY, middlewares=[tidy])


def _add_debug(app: web.Application, parts: HttpParts) -> None:
    async def caller_of(request: web.Request) -> Caller | None:
        header = request.headers.get("Authorization", "")
        token = header[7:].strip() if header[:7].lower() == "bearer " else ""
        cluster = request.headers.get("ClusterID", "")
        credentials = Credentials(uris=(), expiry=None, token=token, cluster=cluster, peer=request.remote or "")
        try:
            return await parts.authenticate(credentials)
        except Refused:
            return None

    add_debug(app, parts.pages, parts.access, caller_of)
