"""The HTTP side of the injection webhook: ``POST /inject`` and everything below it.

Knows: aiohttp and the webhook's status codes. Does not know where settings come from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog
from aiohttp import web

from isthmus.inject.path import environment
from isthmus.inject.settings import InjectionSettings
from isthmus.inject.webhook import BrokenInjectionError, MalformedReviewError, Outcome, review

log = structlog.get_logger(__name__)

SettingsFor = Callable[[Mapping[str, str]], InjectionSettings]
"""Settings for the variables that a path sets, among them the calling cluster; InjectionError without any."""


def routes(settings_for: SettingsFor, count: Callable[[Outcome], None]) -> list[web.RouteDef]:
    """The webhook's routes. ``count`` is told what became of each pod."""

    async def handle_inject(request: web.Request) -> web.Response:
        """Answers an AdmissionReview: 415 for other content than JSON, 400 for an empty or malformed body."""
        if request.headers.get("Content-Type") != "application/json":
            return web.Response(status=415, text="invalid Content-Type, want `application/json`")
        body = await request.read()
        if not body:
            return web.Response(status=400, text="no body found")
        variables = environment(request.path)
        try:
            answer, outcome, reason = review(body, lambda: settings_for(variables))
        except MalformedReviewError as error:
            return web.Response(status=400, text=str(error))
        except BrokenInjectionError as error:
            count(Outcome.FAILED)
            log.exception("pod not injected, for a bug", path=request.path)
            return web.Response(status=500, text=f"{error}\n")
        count(outcome)
        if outcome is Outcome.FAILED:
            log.warning("pod not injected", reason=reason, path=request.path)
        return web.Response(body=answer, content_type="application/json")

    return [web.post("/inject", handle_inject), web.post("/inject/{tail:.*}", handle_inject)]
