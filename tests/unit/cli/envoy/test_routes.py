"""``proxy-config routes`` from hand-written dumps."""

from typing import Any

from isthmus.cli.envoy.route_words import domain_words
from isthmus.cli.envoy.routes import RouteFilter, routes, table

RULE = "/apis/networking.istio.io/v1/namespaces/sample/virtual-service/hello"


def config(name: str, *hosts: dict[str, Any]) -> dict[str, Any]:
    return {"route_config": {"name": name, "virtual_hosts": list(hosts)}}


def host(name: str, *found: dict[str, Any], domains: tuple[str, ...] = ("*",)) -> dict[str, Any]:
    return {"name": name, "domains": list(domains), "routes": list(found)}


DUMP = {
    "configs": [
        {
            "@type": "type.googleapis.com/envoy.admin.v3.RoutesConfigDump",
            "static_route_configs": [config("inbound|5000||", host("inbound|http|5000", {"match": {"prefix": "/"}}))],
            "dynamic_route_configs": [
                config("8080", host("block_all")),
                config("90", host("allow_any", {"match": {"prefix": "/"}, "route": {"cluster": "PassthroughCluster"}})),
                config(
                    "80",
                    host(
                        "hello:80",
                        {"match": {"path": "/exact"}, "metadata": {"filter_metadata": {"istio": {"config": RULE}}}},
                        {"match": {"safe_regex": {"regex": "/a.*"}}},
                        {"match": {"path_separated_prefix": "/api"}},
                        domains=(
                            "hello.sample.svc.cluster.local",
                            "hello.sample.svc.cluster.local.",
                            "hello",
                            "hello.sample.svc",
                            "hello.sample",
                            "10.96.0.7",
                        ),
                    ),
                ),
            ],
        }
    ]
}


def test_every_route_has_a_row_and_ports_come_first() -> None:
    domains = "hello.sample.svc.cluster.local., hello + 2 more..."
    assert table(routes(DUMP, RouteFilter())).rows == (
        ("80", "hello:80", domains, "/exact", "hello.sample"),
        ("80", "hello:80", domains, "regex /a.*", ""),
        ("80", "hello:80", domains, "PathPrefix:/api", ""),
        ("8080", "block_all", "*", "/*", "404"),
        ("inbound|5000||", "inbound|http|5000", "*", "/*", ""),
    )


def test_what_is_only_passed_through_has_no_row() -> None:
    assert table(routes(DUMP, RouteFilter("90"))).rows == ()


def test_one_configuration_can_be_chosen() -> None:
    assert [entry["name"] for entry in routes(DUMP, RouteFilter("8080"))] == ["8080"]


def test_longer_names_of_a_service_only_repeat_the_shortest() -> None:
    names = ("a.ns.svc.cluster.local", "a.ns.svc", "a.ns", "a.other.svc.cluster.local")
    assert domain_words(names) == "a.ns, a.other.svc.cluster.local"


def test_domains_with_ports_only_repeat_the_others() -> None:
    assert domain_words(("a", "a:80", "b", "b:80")) == "a, b"
    assert domain_words(("a:80",)) == "a:80"
    assert domain_words(()) == ""
    assert domain_words(("x", "[fd00::1]", "[fd00::1]:80")) == "x, [fd00::1]"
