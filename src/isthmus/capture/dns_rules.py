"""Rules that lead name lookups to the agent.

Knows: why a lookup's connection tracking needs zones. Does not know how names are answered.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from isthmus.capture.rule import (
    NAT,
    OUTPUT,
    PREROUTING,
    RAW,
    Action,
    Match,
    Owner,
    Rule,
    jump,
    redirect,
)
from isthmus.capture.settings import Capture, Family

OUTBOUND, LOOKUPS, ANSWERS = "ISTIO_OUTPUT", "ISTIO_OUTPUT_DNS", "ISTIO_INBOUND"
_PORT = 53
_FROM_AGENT, _FROM_APPLICATION = Action("zone", number=1), Action("zone", number=2)


def dns_rules(capture: Capture) -> Iterator[Rule]:
    """Rules of the nat and raw tables; none when lookups are not captured."""
    if not capture.dns.captured:
        return
    yield Rule(NAT, OUTBOUND, Match(), jump(LOOKUPS))
    for protocol in ("tcp", "udp"):
        for version, server in _servers(capture):
            match = Match(protocol=protocol, ports=(_PORT,), destination=server)
            yield Rule(NAT, LOOKUPS, match, redirect(capture.dns.port), version)
    yield from _zones(capture)


def _servers(capture: Capture) -> Iterator[tuple[int, str]]:
    """Family and address of each server whose lookups are captured; one empty address for all servers."""
    if capture.dns.all_servers:
        yield 0, ""
        return
    for family in capture.families:
        for server in capture.dns.servers:
            if _version(server) == family.version:
                yield family.version, _host(server, family)


def _zones(capture: Capture) -> Iterator[Rule]:
    """Two lookups with the same source port, the application's and the agent's, are told apart by zones.

    Without them the kernel takes the agent's own query for the application's, and its answer gets lost.
    """
    owners = [Owner("user", name) for name in capture.users]
    owners += [Owner("group", name) for name in capture.user_groups]
    yield Rule(RAW, OUTPUT, Match(), jump(LOOKUPS))
    for owner in owners:
        yield Rule(RAW, LOOKUPS, Match(protocol="udp", ports=(_PORT,), owner=owner), _FROM_AGENT)
        answer = Match(protocol="udp", source_port=capture.dns.port, owner=owner)
        yield Rule(RAW, LOOKUPS, answer, _FROM_APPLICATION)
    # The first zone that a packet is given stays: what is left here is the application's.
    for version, server in _servers(capture):
        match = Match(protocol="udp", ports=(_PORT,), destination=server)
        yield Rule(RAW, LOOKUPS, match, _FROM_APPLICATION, version)
    yield Rule(RAW, PREROUTING, Match(), jump(ANSWERS))
    for version, server in _servers(capture):
        yield Rule(RAW, ANSWERS, Match(protocol="udp", source_port=_PORT, source=server), _FROM_AGENT, version)


def _version(address: str) -> int:
    return ipaddress.ip_address(address.partition("%")[0]).version


def _host(address: str, family: Family) -> str:
    return f"{ipaddress.ip_address(address.partition('%')[0])}/{family.host_bits}"
