"""The HTTP ports: health and debug, metrics, and the webhooks over TLS."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CollectorRegistry

from isthmus.control_plane.http import DebugAccess, Page, add_debug, add_health, add_metrics, listen
from isthmus.control_plane.settings import Settings
from isthmus.model.identity import Caller, Credentials
from isthmus.rpc.credentials import Authenticate
from isthmus.rpc.refusal import Refused
from isthmus.rpc.tls import ServerTls

_LONGEST_BODY = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class HttpParts:
    """What the ports serve."""

    ready: Callable[[], bool]
    pages: Mapping[str, Page]
    registry: CollectorRegistry
    webhooks: Iterable[web.RouteDef]
    authenticate: Authenticate


class HttpServers:
    """All HTTP listeners of the process."""

    def __init__(self) -> None:
        self._runners: list[web.AppRunner] = []

    async def start(self, settings: Settings, parts: HttpParts, tls: ServerTls) -> None:
        """Opens every port that the settings name."""
        if settings.http:
            app = _application()
            add_health(app, parts.ready)
            _add_debug(app, settings, parts)
            self._runners.append(await listen(app, settings.http))
        if settings.monitoring:
            app = _application()
            add_metrics(app, parts.registry)
            _add_debug(app, settings, parts)
            self._runners.append(await listen(app, settings.monitoring))
        if settings.webhook:
            app = _application()
            add_health(app, parts.ready)
            app.add_routes(parts.webhooks)
            self._runners.append(await listen(app, settings.webhook, tls.context))

    async def close(self) -> None:
        """Answers what was asked already, then closes."""
        runners, self._runners = self._runners, []
        for runner in runners:
            await runner.cleanup()


def _application() -> web.Application:
    return web.Application(client_max_size=_LONGEST_BODY)


def _add_debug(app: web.Application, settings: Settings, parts: HttpParts) -> None:
    async def caller_of(request: web.Request) -> Caller | None:
        header = request.headers.get("Authorization", "")
        token = header[7:].strip() if header[:7].lower() == "bearer " else ""
        cluster = request.headers.get("ClusterID", "")
        credentials = Credentials(uris=(), expiry=None, token=token, cluster=cluster, peer=request.remote or "")
        try:
            return await parts.authenticate(credentials)
        except Refused:
            return None

    add_debug(app, parts.pages, DebugAccess(settings.namespace, settings.allowed_debug_namespaces), caller_of)
