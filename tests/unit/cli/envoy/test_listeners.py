"""``proxy-config listeners`` from hand-written dumps."""

from typing import Any

import pytest

from isthmus.cli.envoy.listeners import ListenerFilter, brief_table, listeners, table

MANAGER = "envoy.filters.network.http_connection_manager"
TCP = "envoy.filters.network.tcp_proxy"


def listener(name: str, address: str, port: int, *chains: dict[str, Any], **more: Any) -> dict[str, Any]:
    socket = {"socket_address": {"address": address, "port_value": port}}
    body = {"name": name, "address": socket, "filter_chains": list(chains), **more}
    return {"name": name, "active_state": {"listener": body}}


def chain(filters: list[dict[str, Any]], **match: Any) -> dict[str, Any]:
    return {"filter_chain_match": match, "filters": filters}


def http(**config: Any) -> list[dict[str, Any]]:
    return [{"name": "istio.metadata_exchange"}, {"name": MANAGER, "typed_config": config}]


def tcp(cluster: str) -> list[dict[str, Any]]:
    return [{"name": TCP, "typed_config": {"cluster": cluster}}]


def dump(*dynamic: dict[str, Any]) -> dict[str, Any]:
    return {
        "configs": [
            {"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": list(dynamic)}
        ]
    }


def words(*chains: dict[str, Any], **more: Any) -> list[tuple[str, str]]:
    found = listeners(dump(listener("x", "0.0.0.0", 80, *chains, **more)), ListenerFilter())
    return [(row[2], row[3]) for row in table(found).rows]


def inline(*hosts: dict[str, Any]) -> dict[str, Any]:
    return chain(http(route_config={"virtual_hosts": list(hosts)}))


def to(cluster: str, prefix: str = "/") -> dict[str, Any]:
    return {"match": {"prefix": prefix}, "route": {"cluster": cluster}}


@pytest.mark.parametrize(
    ("match", "text"),
    [
        ({}, "ALL"),
        ({"server_names": ["a", "b"]}, "SNI: a,b"),
        (
            {"transport_protocol": "tls", "application_protocols": ["istio-peer-exchange", "istio"]},
            "Trans: tls; App: TCP TLS",
        ),
        ({"application_protocols": ["http/1.0", "http/1.1", "h2c"]}, "App: HTTP"),
        ({"application_protocols": ["h2"]}, "App: h2"),
        ({"destination_port": 5000}, "Addr: *:5000"),
        (
            {"prefix_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8}], "destination_port": 80},
            "Addr: 10.0.0.0/8:80",
        ),
        ({"prefix_ranges": [{"address_prefix": "::0"}]}, "Addr: ::0/0"),
    ],
)
def test_matches_in_istios_words(match: dict[str, Any], text: str) -> None:
    assert words(chain(tcp("x"), **match)) == [(text, "Cluster: x")]


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (chain(http(rds={"route_config_name": "80"})), "Route: 80"),
        (chain(http()), "HTTP"),
        (chain(tcp("PassthroughCluster")), "PassthroughCluster"),
        (chain(tcp("BlackHoleCluster")), "Non-HTTP/Non-TCP"),
        (chain(tcp("outbound|1||x")), "Cluster: outbound|1||x"),
        (
            chain([{"name": TCP, "typed_config": {"weighted_clusters": {"clusters": [{"name": "a"}, {"name": "b"}]}}}]),
            "Clusters: a,b",
        ),
        (chain([{"name": "envoy.filters.network.mongo_proxy"}]), "Non-HTTP/Non-TCP"),
        (inline({"domains": ["*"], "routes": [to("inbound|80||")]}), "Cluster: inbound|80||"),
        (
            inline(
                {"domains": ["a", "b"], "routes": [to("x", "/one"), to("y")]}, {"domains": ["*"], "routes": [to("z")]}
            ),
            "Inline Route: a/b /one*, /*; /*",
        ),
    ],
)
def test_destinations_in_istios_words(found: dict[str, Any], text: str) -> None:
    assert words(found) == [("ALL", text)]


def test_the_default_chain_counts_as_a_chain() -> None:
    assert words(chain(tcp("a"), destination_port=1), default_filter_chain={"filters": tcp("b")}) == [
        ("ALL", "Cluster: b"),
        ("Addr: *:1", "Cluster: a"),
    ]


def test_listeners_are_ordered_and_filtered_by_port_address_and_type() -> None:
    found = dump(
        listener("virtualOutbound", "0.0.0.0", 15001, chain(tcp("PassthroughCluster"))),
        listener("10.96.0.1_443", "10.96.0.1", 443, chain(http())),
        listener("10.96.0.0_443", "10.96.0.0", 443, chain(tcp("kube")), chain(tcp("BlackHoleCluster"))),
        listener("0.0.0.0_80", "0.0.0.0", 80, chain(http(rds={"route_config_name": "80"})), chain(tcp("x"))),
    )

    def ports(wanted: ListenerFilter) -> list[str]:
        return [row[1] for row in brief_table(listeners(found, wanted)).rows]

    assert brief_table(listeners(found, ListenerFilter())).rows == (
        ("0.0.0.0", "80", "HTTP+TCP"),
        ("10.96.0.0", "443", "TCP"),
        ("10.96.0.1", "443", "HTTP"),
        ("0.0.0.0", "15001", "TCP"),
    )
    assert ports(ListenerFilter(address="0.0.0.0")) == ["80", "15001"]
    assert ports(ListenerFilter(port=443)) == ["443", "443"]
    assert ports(ListenerFilter(kind="http")) == ["80", "443"]


def test_additional_addresses_are_shown() -> None:
    extra = [{"address": {"socket_address": {"address": "::", "port_value": 80}}}]
    found = listeners(dump(listener("x", "0.0.0.0", 80, additional_addresses=extra)), ListenerFilter())
    assert brief_table(found).rows == (("0.0.0.0,::", "80", "UNKNOWN"),)
