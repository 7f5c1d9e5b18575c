"""Names that can be taken apart, and resources joined from bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.model.service import Resolution, Service
from isthmus.protos import pb
from isthmus.translate import names
from isthmus.translate.encoding import repeated, serialise, varint
from isthmus.translate.gateways.binding import common_hosts
from isthmus.translate.gateways.hosts import ServerHost, covers
from isthmus.translate.listeners.chain_matches import distinct
from isthmus.translate.routes.domains import domains
from isthmus.translate.validity.headers import is_format
from isthmus.translate.validity.regexes import fault
from isthmus.translate.views import Families


def test_the_hostname_is_found_in_names_of_clusters() -> None:
    host = "web.a.svc.cluster.local"
    assert names.hostname_of(names.outbound(host, 80, "v1")) == host
    assert names.hostname_of(names.sni(host, 80)) == host
    for other in (names.BLACK_HOLE, names.inbound(80), "outbound", "outbound_.80"):
        assert names.hostname_of(other) == ""


@given(st.lists(st.text(max_size=300)))
def test_repeated_messages_can_be_joined_as_bytes(hosts: list[str]) -> None:
    message = pb("envoy.config.route.v3.RouteConfiguration")
    virtual_host = pb("envoy.config.route.v3.VirtualHost")
    parts = [serialise(virtual_host(name=name)) for name in hosts]
    joined = message.FromString(serialise(message(name="80")) + repeated(2, parts))
    assert joined == message(name="80", virtual_hosts=[{"name": name} for name in hosts])


def test_numbers_are_encoded_as_protobuf_does() -> None:
    assert [varint(value) for value in (0, 127, 128, 300)] == [b"\x00", b"\x7f", b"\x80\x01", b"\xac\x02"]


def service(resolution: Resolution = Resolution.ENDPOINTS) -> Service:
    return Service("web.a.svc.cluster.local", "web", "a", (), resolution, {}, (), ())


def test_a_service_is_called_by_short_names_and_addresses() -> None:
    full = ("web.a.svc.cluster.local", "web.a.svc.cluster.local.")
    addresses = ["10.0.0.1", "fd00::1"]
    assert domains(service(), addresses, same_namespace=True) == (
        *full, "web", "web.a.svc", "web.a", "10.0.0.1", "[fd00::1]",
    )  # fmt: skip
    assert domains(service(), (), same_namespace=False) == (*full, "web.a", "web.a.svc")


def test_pods_of_a_headless_service_are_called_below_its_names() -> None:
    found = domains(service(Resolution.HEADLESS), (), same_namespace=False)
    assert found[4:] == tuple(f"*.{name}" for name in found[:4])


@pytest.mark.parametrize(
    ("pattern", "hostname", "expected"),
    [
        ("*", "a.b", True),
        ("*.local", "web.a.svc.cluster.local", True),
        ("*.local", "*.cluster.local", True),
        ("*.local", "local", False),
        ("a.b", "a.b", True),
        ("a.b", "*.b", False),
    ],
)
def test_a_pattern_covers_what_lies_below_it(pattern: str, hostname: str, expected: bool) -> None:
    assert covers(pattern, hostname) is expected


def test_hosts_of_a_server_may_be_for_some_namespaces_only() -> None:
    host = ServerHost.parse("./shop.example.com")
    assert host.admits("own", "own")
    assert not host.admits("other", "own")
    assert common_hosts(["*.example.com", "x.org"], [host]) == ("shop.example.com",)


def test_an_earlier_chain_keeps_its_server_names() -> None:
    def chain(*server_names: str) -> dict[str, object]:
        return {"filter_chain_match": {"server_names": list(server_names)}}

    assert distinct([chain("a", "b"), chain("B", "c"), chain("a"), {}, {"name": "second"}]) == [
        chain("a", "b"), chain("c"), {},
    ]  # fmt: skip


def test_an_earlier_chain_keeps_its_addresses_and_a_later_one_is_split_around_them() -> None:
    def chain(names: list[str], *ranges: str) -> dict[str, object]:
        return {"filter_chain_match": {"server_names": names, "prefix_ranges": list(ranges)}}

    assert distinct([chain(["a"], "10/8"), chain(["a", "b"], "10/8", "fd00/8", "10/8")]) == [
        chain(["a"], "10/8"), chain(["b"], "10/8"), chain(["a", "b"], "fd00/8"),
    ]  # fmt: skip
    assert distinct([chain(["a"], "10/8", "10/8"), chain(["a"])]) == [chain(["a"], "10/8"), chain(["a"])]


@pytest.mark.parametrize(
    "text", [r"^/api/\d+$", r"\p{Greek}+", "[[:alpha:]]+", r"(?i)x", r"a\\1", "a{3,1000}", "(?P<n>x)"]
)
def test_expressions_of_re2_are_accepted(text: str) -> None:
    assert fault(text) == ""


@pytest.mark.parametrize("text", ["(", r"(a)\1", "(?=x)", "(?<!x)", "a*+", "x" * 2000, "a{1,1001}", "a{1001}"])
def test_expressions_that_re2_does_not_have_are_not(text: str) -> None:
    assert fault(text) != ""


def test_families_follow_the_addresses() -> None:
    both = Families.of(["fd00::1", "10.0.0.1"])
    assert (both.wildcard, both.other_wildcard) == ("::", "0.0.0.0")
    assert Families.of(["10.0.0.1"]).other_wildcard == ""
    assert Families.of([]).has("::ffff:10.0.0.1")
    assert not Families.of(["10.0.0.1"]).has("fd00::1")


@pytest.mark.parametrize("text", ["plain", "100%%", "%START_TIME%", "%REQ(:path):10%/%PROTOCOL%", "%START_TIME(%s)%"])
def test_a_header_value_may_name_what_envoy_puts_in(text: str) -> None:
    assert is_format(text)


@pytest.mark.parametrize("text", ["%", "100%", "%req%", "%REQ(host%", "%%%", "50% off %START_TIME%"])
def test_a_lone_per_cent_sign_is_no_header_value(text: str) -> None:
    assert not is_format(text)
