"""The HTTP side of the validation webhook: ``POST /validate`` on the control plane's webhook port."""

from __future__ import annotations

from aiohttp import web

from isthmus.validation.admission import MalformedReviewError, review


async def handle_validate(request: web.Request) -> web.Response:
    """Answers an AdmissionReview: 415 for other content than JSON, 400 for an empty or malformed body."""
    if request.headers.get("Content-Type") != "application/json":
        return web.Response(status=415, text="invalid Content-Type, want `application/json`")
    body = await request.read()
    if not body:
        return web.Response(status=400, text="no body found")
    try:
        answer = review(body)
    except MalformedReviewError as error:
        return web.Response(status=400, text=str(error))
    return web.Response(body=answer, content_type="application/json")


def routes() -> list[web.RouteDef]:
    """The webhook's routes; Istio also answers below ``/validate/``."""
    return [web.post("/validate", handle_validate), web.post("/validate/{tail:.*}", handle_validate)]
