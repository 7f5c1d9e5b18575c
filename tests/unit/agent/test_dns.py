"""DNS in the pod: messages, the table, and the server against an independent client."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import dns.asyncquery
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.agent.dns_forwarder import Forwarder
from isthmus.agent.dns_message import AAAA, A, Addresses, DnsError, address_response, parse_query
from isthmus.agent.dns_server import DnsServer
from isthmus.agent.dns_table import DnsTable, Viewpoint
from isthmus.agent.messages.names import NameInfo
from isthmus.process.resolver_file import parse

KUBERNETES = "Kubernetes"
VIEW = Viewpoint("sample.svc.cluster.local", "sample.svc.cluster.local")
TABLE = DnsTable(
    {
        "web.sample.svc.cluster.local": NameInfo(("10.0.0.1", "fd00::1"), KUBERNETES, "web", "sample"),
        "db.other.svc.cluster.local": NameInfo(("10.0.0.2",), KUBERNETES, "db", "other"),
        "api.example.com": NameInfo(("240.240.0.1",), "External", alternatives=("alt.example.com",)),
        "*.wild.example.com": NameInfo(("240.240.0.2",), "External"),
        "*.deep.wild.example.com": NameInfo(("240.240.0.3",), "External"),
        "many.example.com": NameInfo(tuple(f"10.1.0.{index}" for index in range(1, 60)), "External"),
    },
    VIEW,
)


def ordered(addresses: list[str]) -> None:
    addresses.sort()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("web.sample.svc.cluster.local.", ((), ("10.0.0.1",))),
        ("web.sample.svc.", ((), ("10.0.0.1",))),
        ("web.sample.", ((), ("10.0.0.1",))),
        ("web.", ((), ("10.0.0.1",))),
        ("db.other.", ((), ("10.0.0.2",))),
        ("db.", None),
        ("api.example.com.", ((), ("240.240.0.1",))),
        ("alt.example.com.", ((), ("240.240.0.1",))),
        ("api.example.com.sample.svc.cluster.local.", (("api.example.com.",), ("240.240.0.1",))),
        ("db.other.sample.svc.cluster.local.", (("db.other.",), ("10.0.0.2",))),
        ("a.wild.example.com.", ((), ("240.240.0.2",))),
        ("a.b.wild.example.com.", ((), ("240.240.0.2",))),
        ("a.deep.wild.example.com.", ((), ("240.240.0.3",))),
        ("wild.example.com.", None),
        ("example.org.", None),
        (".", None),
    ],
)
def test_names_are_known_in_all_their_forms(name, expected):
    found = TABLE.resolve(name, A, ordered)
    assert found == (None if expected is None else Addresses(*expected))


def test_a_known_name_without_an_address_of_the_family_is_not_asked_elsewhere():
    assert TABLE.resolve("web.sample.", AAAA, ordered) == Addresses((), ("fd00::1",))
    assert TABLE.resolve("db.other.", AAAA, ordered) == Addresses()


def test_addresses_come_in_the_order_of_chance():
    reversed_order = TABLE.resolve("many.example.com.", A, lambda addresses: addresses.reverse())
    assert reversed_order.addresses[0] == "10.1.0.59"


@given(st.lists(st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True), min_size=1, max_size=5), st.booleans())
def test_queries_are_read_and_answers_written_as_others_do(labels, extended):
    name = ".".join(labels) + "."
    asked = dns.message.make_query(name, "A", use_edns=extended, payload=1232)
    query = parse_query(asked.to_wire())
    assert (query.name, query.type, query.extended) == (name, A, extended)
    assert query.size == (1232 if extended else 512)
    found = Addresses(("other.example.",), ("10.0.0.1", "10.0.0.2"))
    answer = dns.message.from_wire(address_response(query, found, 512))
    assert asked.is_response(answer)
    assert [record.rdtype for record in answer.answer] == [dns.rdatatype.CNAME, dns.rdatatype.A]
    assert answer.answer[0][0].target.to_text() == "other.example."
    assert answer.answer[1].name.to_text() == "other.example."
    assert [record.address for record in answer.answer[1]] == ["10.0.0.1", "10.0.0.2"]
    assert answer.answer[1].ttl == 30


@given(st.binary(max_size=80))
def test_no_bytes_crash_the_reader_of_queries(data):
    try:
        parse_query(data)
    except DnsError:
        return


class Upstream:
    """A name server of the pod's own resolv.conf, which knows one name."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def answer(self, message: bytes) -> bytes:
        query = dns.message.from_wire(message)
        self.asked.append(query.question[0].name.to_text())
        answer = dns.message.make_response(query)
        if query.question[0].rdtype == dns.rdatatype.A:
            answer.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", "192.0.2.1"))
        return answer.to_wire()


@asynccontextmanager
async def upstream() -> AsyncIterator[tuple[Upstream, int]]:
    found = Upstream()

    class Protocol(asyncio.DatagramProtocol):
        def connection_made(self, transport):
            self.transport = transport

        def datagram_received(self, data, addr):
            task = asyncio.ensure_future(found.answer(data))
            task.add_done_callback(lambda done: self.transport.sendto(done.result(), addr))

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Protocol, local_addr=("127.0.0.1", 0))
    yield found, transport.get_extra_info("sockname")[1]
    transport.close()
    await asyncio.sleep(0)  # the loop's turn in which transports end


@asynccontextmanager
async def serving(table, servers) -> AsyncIterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = DnsServer(lambda: table, Forwarder(servers, seconds=0.5))
    async with AsyncExitStack() as stack:
        await server.listen(port, stack)
        yield port
    await asyncio.sleep(0)


async def ask(port: int, name: str, kind: str = "A", over=dns.asyncquery.udp) -> dns.message.Message:
    return await over(dns.message.make_query(name, kind), "127.0.0.1", port=port, timeout=5)


async def test_names_of_the_mesh_are_answered_and_others_passed_on():
    async with upstream() as (other, forward), serving(TABLE, [("127.0.0.1", forward)]) as port:
        assert (await ask(port, "WEB.sample.")).answer[0][0].address == "10.0.0.1"
        assert other.asked == []
        assert (await ask(port, "elsewhere.example.")).answer[0][0].address == "192.0.2.1"
        assert (await ask(port, "web.sample.", "MX")).answer == []
        assert other.asked == ["elsewhere.example.", "web.sample."]


async def test_long_answers_are_cut_over_udp_and_whole_over_tcp():
    async with serving(TABLE, []) as port:
        cut = await ask(port, "many.example.com.")
        assert cut.flags & dns.flags.TC
        whole = await ask(port, "many.example.com.", over=dns.asyncquery.tcp)
        assert len(whole.answer[0]) == 59


async def test_before_the_first_table_queries_fail_so_that_they_are_asked_again():
    async with serving(None, []) as port:
        assert (await ask(port, "web.sample.")).rcode() == dns.rcode.SERVFAIL


async def test_a_silent_name_server_is_followed_by_the_next():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        async with upstream() as (_, forward):
            servers = [("127.0.0.1", silent.getsockname()[1]), ("127.0.0.1", forward)]
            async with serving(TABLE, servers) as port:
                assert (await ask(port, "elsewhere.example.")).answer[0][0].address == "192.0.2.1"


async def test_without_any_answer_the_query_fails():
    async with serving(TABLE, []) as port:
        assert (await ask(port, "elsewhere.example.")).rcode() == dns.rcode.SERVFAIL


def test_a_resolver_file_is_read_as_resolvers_do():
    text = "# comment\nnameserver 10.96.0.10 ; first\nsearch a.b c.d\nnameserver fd00::a\nsearch x.y\noptions ndots:5\n"
    assert parse(text).name_servers == ("10.96.0.10", "fd00::a")
    assert parse(text).search == ("x.y",)
