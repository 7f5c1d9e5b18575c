"""Who may read which debug page from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from isthmus.control_plane.http import DebugAccess, is_local
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
