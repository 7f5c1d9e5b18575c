"""The HTTP side: health and debug pages, metrics, and the webhooks over TLS."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from isthmus import __version__
from isthmus.control_plane.errors import PageError
from isthmus.model.identity import Caller

Page = Callable[[Mapping[str, str]], Any]
Authenticate = Callable[[web.Request], Awaitable[Caller | None]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PROXY_PAGES = frozenset({"config_dump", "ndsz", "edsz"})
"""Pages that a caller outside the system namespace may read, of proxies of its own namespace (Istio's rule)."""


class DebugAccess(msgspec.Struct, frozen=True):
    """Who may read debug pages besides callers on this machine.

    ``proxy_namespace`` gives the namespace of the proxy that a query names, None for none.
    """

    system_namespaces: frozenset[str]
    proxy_namespace: Callable[[Mapping[str, str]], str | None]

    def allows(self, caller: Caller, page: str, query: Mapping[str, str]) -> bool:
        """System namespaces may read everything, the others only about their own proxies."""
        namespaces = {identity.namespace for identity in caller.identities}
        if namespaces & self.system_namespaces:
            return True
        return page in PROXY_PAGES and self.proxy_namespace(query) in namespaces


def add_health(app: web.Application, ready: Callable[[], bool]) -> None:
    """``/ready``: 200 when everything needed has been read once, 503 before."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=200 if ready() else 503)

    app.router.add_get("/ready", answer)


def add_metrics(app: web.Application, registry: CollectorRegistry) -> None:
    """``/metrics`` and ``/version``."""

    async def metrics(request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def version(request: web.Request) -> web.Response:
        return web.Response(text=__version__)

    app.router.add_get("/metrics", metrics)
    app.router.add_get("/version", version)


def add_debug(app: web.Application, pages: Mapping[str, Page], access: DebugAccess, authenticate: Authenticate) -> None:
    """``/debug/<page>``; callers that are not on this machine must prove who they are."""
    names = sorted([*pages, "list"])

    async def index(request: web.Request) -> web.Response:
        links = "".join(f'<li><a href="/debug/{name}?pretty">{name}</a></li>' for name in names)
        return web.Response(text=f"<!doctype html><title>debug</title><ul>{links}</ul>", content_type="text/html")

    async def listing(request: web.Request) -> web.Response:
        return _json(request, names)

    async def page(request: web.Request) -> web.Response:
        name = request.match_info["page"]
        if name not in pages:
            return web.Response(status=404, text=f"no debug page {name!r}; /debug/list names them\n")
        try:
            return _json(request, pages[name](request.query))
        except PageError as error:
            return web.Response(status=error.status, text=f"{error}\n")

    def guarded(handler: Handler) -> Handler:
        async def checked(request: web.Request) -> web.StreamResponse:
            if not is_local(request.remote):
                caller = await authenticate(request)
                if caller is None:
                    return web.Response(status=401)
                if not access.allows(caller, request.match_info.get("page", ""), request.query):
                    return web.Response(status=403)
            return await handler(request)

        return checked

    for path in ("/debug", "/debug/"):
        app.router.add_get(path, guarded(index))
    app.router.add_get("/debug/list", guarded(listing))
    app.router.add_get("/debug/{page}", guarded(page))


def is_local(remote: str | None) -> bool:
    """Whether a peer address is of this machine; port-forwards arrive so."""
    return remote is not None and ipaddress.ip_address(remote.partition("%")[0]).is_loopback


def _json(request: web.Request, value: Any) -> web.Response:
    body = msgspec.json.encode(value)
    if "pretty" in request.query:
        body = msgspec.json.format(body, indent=2)
    return web.Response(body=body, content_type="application/json")
