"""Which proxies get virtual hosts one by one, and what they hold when they come back decides for how long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from isthmus.api.core_service import Service
from isthmus.api.mesh_config import MeshConfig
from isthmus.collections import Batch
from isthmus.control_plane.access_review import Account
from isthmus.control_plane.mesh_graph import declare
from isthmus.control_plane.proxies import ConnectedProxies
from isthmus.control_plane.settings import Settings
from isthmus.derive.changes import EVERY_NAME
from isthmus.model.resource import PIECEWISE, is_piecewise
from isthmus.model.service import ServiceKey
from isthmus.protos import pb
from isthmus.xds.node import Node, parse_node
from isthmus.xds.order import LISTENER, ROUTE, VIRTUAL_HOST
from isthmus.xds.requests import PORTION

SNIFFED = "web.shop.svc.cluster.local:9000"
TABLES = {"80", "8080", SNIFFED}


class Plane:
    """A control plane of one service, with two ports for HTTP and one whose protocol is sniffed."""

    def __init__(self, *, turned_on: bool = True) -> None:
        self.graph = declare(Settings(), CollectorRegistry())
        ports = [{"name": "http", "port": 80}, {"name": "http-more", "port": 8080}, {"name": "other", "port": 9000}]
        service = {"metadata": {"namespace": "shop", "name": "web"}, "spec": {"clusterIP": "10.96.0.1", "ports": ports}}
        batch = Batch()
        batch.put(self.graph.sources.mesh, "", MeshConfig())
        batch.put(
            self.graph.sources.services, ServiceKey("Kubernetes", "shop", "web"), msgspec.convert(service, Service)
        )
        self.graph.host.apply(batch)
        self.proxies = ConnectedProxies(self.graph, lambda: True, nothing, virtual_host_discovery=turned_on)

    def open(self, *, incremental: bool = True, **metadata: str) -> str:
        return str(self.proxies.open(node(incremental, {"VIRTUAL_HOST_DISCOVERY": "true", **metadata}), None))

    def one_by_one(self, proxy: str) -> bool:
        """Whether it gets virtual hosts one by one; never both forms."""
        tables = self.proxies.wildcard(proxy, ROUTE)
        assert tables.keys() == TABLES
        found = {is_piecewise(table.version) for name, table in tables.items() if name != SNIFFED}
        assert found == {bool(self.proxies.wildcard(proxy, VIRTUAL_HOST))}
        assert not is_piecewise(tables[SNIFFED].version)
        return found == {True}


async def nothing(_account: Account) -> bool:
    """No account may list Secrets."""
    return False


def node(incremental: bool, metadata: Mapping[str, str]) -> Node:
    message: Any = pb("envoy.config.core.v3.Node")(id="sidecar~10.0.0.1~client.shop~shop.svc.cluster.local")
    message.metadata.update({"NAMESPACE": "shop", "CLUSTER_ID": "Kubernetes", **metadata})
    return msgspec.structs.replace(parse_node(message), incremental=incremental)


def test_a_proxy_that_declares_it_gets_them_from_a_control_plane_that_has_it_turned_on() -> None:
    plane = Plane()
    assert plane.one_by_one(plane.open())
    assert not plane.one_by_one(plane.open(VIRTUAL_HOST_DISCOVERY="false"))
    assert not plane.one_by_one(plane.open(incremental=False))
    other = Plane(turned_on=False)
    assert not other.one_by_one(other.open())


@pytest.mark.parametrize(
    ("held", "one_by_one"),
    [
        ({"80": "1234"}, False),
        ({"80": f"1234{PIECEWISE}", "8080": "1234"}, False),
        ({"80": f"1234{PIECEWISE}"}, True),
        ({"80": f"1234{PIECEWISE}.2-1"}, True),
        ({SNIFFED: "1234"}, True),
        ({"81": "1234"}, True),
        ({}, True),
        ({str(number): "1234" for number in range(100_000, 100_001 + PORTION)}, False),
    ],
    ids=[
        "whole",
        "one of both",
        "without them",
        "filled anew",
        "never without them",
        "gone",
        "nothing",
        "more than there can be",
    ],
)
def test_a_proxy_that_holds_a_whole_route_configuration_gets_whole_ones(held: dict[str, str], one_by_one: bool) -> None:
    plane = Plane()
    proxy = plane.open()
    plane.proxies.resume(proxy, ROUTE, held)
    assert plane.one_by_one(proxy) is one_by_one


def test_what_it_holds_of_other_types_decides_nothing() -> None:
    plane = Plane()
    proxy = plane.open()
    plane.proxies.resume(proxy, LISTENER, {"80": "1234"})
    plane.proxies.resume(proxy, VIRTUAL_HOST, {"80/web.shop.svc.cluster.local:80": "1234"})
    assert plane.one_by_one(proxy)


def test_one_proxy_that_gets_whole_ones_changes_nothing_for_another() -> None:
    plane = Plane()
    first, second = plane.open(), plane.open()
    told: list[Mapping[str, Mapping[str, set[str]]]] = []
    plane.graph.discovery.observe(told.append)
    plane.proxies.resume(first, ROUTE, {"80": "1234"})
    assert [set(one) for one in told] == [{first}]
    assert told[0][first][ROUTE] == told[0][first][VIRTUAL_HOST] == {EVERY_NAME}
    assert (plane.one_by_one(first), plane.one_by_one(second)) == (False, True)


def test_its_next_stream_decides_anew() -> None:
    plane = Plane()
    proxy = plane.open()
    plane.proxies.resume(proxy, ROUTE, {"80": "1234"})
    plane.proxies.close(proxy)
    again = plane.open()
    assert again != proxy
    assert plane.one_by_one(again)


def test_a_stream_that_has_ended_or_a_tool_that_says_what_it_holds_is_nothing() -> None:
    plane = Plane()
    proxy = plane.open()
    plane.proxies.close(proxy)
    plane.proxies.resume(proxy, ROUTE, {"80": "1234"})
    plane.proxies.resume("istioctl-1", ROUTE, {"80": "1234"})
    assert not dict(plane.graph.sources.proxies)


def test_proxies_that_get_the_same_virtual_host_get_the_same_object_so_that_responses_are_shared() -> None:
    plane = Plane()
    first, second = (plane.proxies.wildcard(plane.open(), VIRTUAL_HOST) for _ in range(2))
    name = "80/web.shop.svc.cluster.local:80"
    assert first[name] is second[name]
