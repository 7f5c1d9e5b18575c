"""Who may read which debug page from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from isthmus.control_plane.http import DebugAccess, add_debug, is_local
from isthmus.model.identity import Caller, SpiffeId

PROXIES = {"web.shop-7": "shop", "web.shop-2-7": "shop-2", "web.bank-7": "bank"}


def proxy_namespace(query: Mapping[str, str]) -> str | None:
    wanted = query.get("proxyID")
    return min((found for name, found in PROXIES.items() if wanted and wanted in name), default=None)


ACCESS = DebugAccess(frozenset({"istio-system", "monitoring"}), proxy_namespace)


def caller(namespace: str) -> Caller:
    return Caller((SpiffeId("cluster.local", namespace, "someone"),), "token")


@pytest.mark.parametrize(
    ("namespace", "page", "proxy", "allowed"),
    [
        ("istio-system", "clusterz", "", True),
        ("monitoring", "clusterz", "", True),
        ("shop", "clusterz", "", False),
        ("shop", "config_dump", "web.shop-7", True),
        ("shop", "config_dump", "web.shop-2", False),
        ("shop", "config_dump", "web.shop-2-7", False),
        ("shop-2", "config_dump", "web.shop-2-7", True),
        ("shop", "config_dump", "web.bank-7", False),
        ("shop", "config_dump", "", False),
        ("shop", "syncz", "web.shop-7", False),
    ],
)
def test_namespaces_see_their_own_proxies_and_system_namespaces_everything(
    namespace: str, page: str, proxy: str, allowed: bool
) -> None:
    assert ACCESS.allows(caller(namespace), page, {"proxyID": proxy} if proxy else {}) is allowed


@pytest.mark.parametrize(
    ("address", "local"),
    [("127.0.0.1", True), ("127.8.0.9", True), ("::1", True), ("fe80::1%eth0", False), ("10.0.0.1", False)],
)
def test_callers_on_this_machine_are_known_by_their_address(address: str, local: bool) -> None:
    assert is_local(address) is local
    assert is_local(None) is False


class Port:
    """A port's application as a caller from elsewhere meets it, without a socket."""

    def __init__(self, caller: Caller | None) -> None:
        async def authenticate(_: web.Request) -> Caller | None:
            return caller

        self.app = web.Application()
        add_debug(self.app, {"clusterz": lambda _: [], "config_dump": lambda _: {}}, ACCESS, authenticate)

    @property
    def paths(self) -> list[str]:
        return sorted({route.resource.canonical for route in self.app.router.routes() if route.resource})

    async def status(self, path: str, remote: str) -> int:
        request = make_mocked_request("GET", path, app=self.app).clone(remote=remote)
        match = await self.app.router.resolve(request)
        request._match_info = match  # as the application does
        answer = await match.handler(request)
        assert isinstance(answer, web.Response)
        assert answer.status == 200 or not answer.body
        return answer.status


async def test_no_debug_path_answers_strangers() -> None:
    port = Port(None)
    assert port.paths == ["/debug", "/debug/", "/debug/list", "/debug/{page}"]
    for path in port.paths:
        path = path.replace("{page}", "clusterz")
        assert await port.status(path, "10.0.0.1") == 401
        assert await port.status(path, "127.0.0.1") == 200


async def test_callers_from_elsewhere_are_limited_on_every_path() -> None:
    shop, system = Port(caller("shop")), Port(caller("istio-system"))
    for path in ("/debug", "/debug/list", "/debug/clusterz", "/debug/config_dump?proxyID=web.bank-7"):
        assert (await shop.status(path, "10.0.0.1"), await system.status(path, "10.0.0.1")) == (403, 200)
    assert await shop.status("/debug/config_dump?proxyID=web.shop-7", "10.0.0.1") == 200
