"""Which connections of a pod are captured: the settings as rules, in order.

Knows: the reasons for each rule and the order in which they must stand (contract with Istio's users).
Does not know how rules are written down or installed.

A captured connection goes application → Envoy (15001) → network → Envoy (15006) → application. Most rules
exist so that Envoy's own connections, which look the same, are not captured again.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from isthmus.capture.dns_rules import dns_rules
from isthmus.capture.rule import (
    DROP,
    MANGLE,
    NAT,
    OUTPUT,
    PREROUTING,
    RETURN,
    Match,
    Owner,
    Rule,
    jump,
    redirect,
)
from isthmus.capture.settings import ALL, Capture, Family
from isthmus.capture.transparent_rules import mark_rules, transparent_chains

INBOUND, IN_REDIRECT = "ISTIO_INBOUND", "ISTIO_IN_REDIRECT"
OUTBOUND, REDIRECT = "ISTIO_OUTPUT", "ISTIO_REDIRECT"
INVALID = "ISTIO_DROP"
_TCP = Match(protocol="tcp")


def rules(capture: Capture) -> tuple[Rule, ...]:
    """All rules, in the order in which they are added."""
    parts = (
        _excluded_interfaces(capture),
        _virtual_interfaces(capture),
        _invalid(capture),
        _targets(capture),
        _inbound(capture),
        _outbound_exceptions(capture),
        _proxy_owned(capture),
        _groups(capture),
        dns_rules(capture),
        _outbound(capture),
        mark_rules(capture) if capture.inbound.transparent else iter(()),
    )
    return tuple(rule for part in parts for rule in part)


def _excluded_interfaces(capture: Capture) -> Iterator[Rule]:
    tables = (NAT, MANGLE) if capture.inbound.transparent else (NAT,)
    for name in capture.excluded_interfaces:
        for table in tables:
            yield Rule(table, PREROUTING, Match(in_interface=name), RETURN)
            yield Rule(table, OUTPUT, Match(out_interface=name), RETURN)


def _virtual_interfaces(capture: Capture) -> Iterator[Rule]:
    """What comes from a virtual machine inside the pod is outbound, although it arrives from outside."""
    for name in capture.virtual_interfaces:
        yield Rule(NAT, PREROUTING, Match(in_interface=name), RETURN, first=True)


def _invalid(capture: Capture) -> Iterator[Rule]:
    """Packets outside of any window would be answered with a reset that ends a good connection."""
    if capture.drop_invalid:
        yield Rule(MANGLE, PREROUTING, Match(invalid=True), jump(INVALID))
        yield Rule(MANGLE, INVALID, Match(), DROP)


def _targets(capture: Capture) -> Iterator[Rule]:
    table = MANGLE if capture.inbound.transparent else NAT
    yield Rule(table, INBOUND, Match(protocol="tcp", ports=(capture.inbound.tunnel_port,)), RETURN)
    yield Rule(NAT, REDIRECT, _TCP, redirect(capture.outbound.capture_port))
    yield Rule(NAT, IN_REDIRECT, _TCP, redirect(capture.inbound.capture_port))


def _inbound(capture: Capture) -> Iterator[Rule]:
    inbound = capture.inbound
    if not inbound.ports:
        return
    if inbound.transparent:
        yield from transparent_chains(capture)
    table = MANGLE if inbound.transparent else NAT
    yield Rule(table, PREROUTING, _TCP, jump(INBOUND))
    if inbound.ports == ALL:
        for port in inbound.excluded_ports:
            yield Rule(table, INBOUND, Match(protocol="tcp", ports=(port,)), RETURN)
        yield from _capture_inbound(capture, ())
        return
    for chosen in inbound.ports.split(","):
        yield from _capture_inbound(capture, (int(chosen),))


def _capture_inbound(capture: Capture, ports: tuple[int, ...]) -> Iterator[Rule]:
    match = Match(protocol="tcp", ports=ports)
    if not capture.inbound.transparent:
        yield Rule(NAT, INBOUND, match, jump(IN_REDIRECT))
        return
    known = Match(protocol="tcp", ports=ports, established=True)
    yield Rule(MANGLE, INBOUND, known, jump("ISTIO_DIVERT"))
    yield Rule(MANGLE, INBOUND, match, jump("ISTIO_TPROXY"))


def _outbound_exceptions(capture: Capture) -> Iterator[Rule]:
    yield Rule(NAT, OUTPUT, Match(), jump(OUTBOUND))
    for port in capture.outbound.excluded_ports:
        for protocol in ("tcp", "udp"):
            yield Rule(NAT, OUTBOUND, Match(protocol=protocol, ports=(port,)), RETURN)
    for family in capture.families:
        source = family.passthrough_source
        yield Rule(NAT, OUTBOUND, Match(out_interface="lo", source=source), RETURN, family.version)


def _proxy_owned(capture: Capture) -> Iterator[Rule]:
    """Connections of Envoy and of the agent, by user and by group."""
    for user in capture.users:
        yield from _owned_by(capture, Owner("user", user))
    for group in capture.user_groups:
        yield from _owned_by(capture, Owner("group", group))


def _owned_by(capture: Capture, owner: Owner) -> Iterator[Rule]:
    # The application calls a service of which it is an endpoint: Envoy's outbound side must find its inbound side.
    # Not so for DNS, which the agent answers itself.
    dns_too = capture.dns.captured and owner.kind == "user"
    ports = (53, capture.inbound.tunnel_port) if dns_too else (capture.inbound.tunnel_port,)
    for family in capture.families:
        to_itself = Match(
            out_interface="lo",
            destination=family.loopback,
            not_destination=True,
            protocol="tcp",
            ports=ports,
            not_ports=True,
            owner=owner,
        )
        yield Rule(NAT, OUTBOUND, to_itself, jump(IN_REDIRECT), family.version)
    # The application calls itself: no mesh between a process and itself, unless loopback is asked for.
    if not any(_holds_loopback(capture, family) for family in capture.families):
        others = Owner(owner.kind, owner.name, negated=True)
        dns = Match(out_interface="lo", protocol="tcp", ports=(53,), not_ports=True, owner=others)
        yield Rule(NAT, OUTBOUND, dns if capture.dns.captured else Match(out_interface="lo", owner=others), RETURN)
    # All else that the proxy sends has been through the proxy.
    yield Rule(NAT, OUTBOUND, Match(owner=owner), RETURN)


def _groups(capture: Capture) -> Iterator[Rule]:
    """Only some of the pod's processes are captured, by their group."""
    outbound = capture.outbound
    if outbound.groups == (ALL,):
        for group in outbound.excluded_groups:
            yield Rule(NAT, OUTBOUND, Match(owner=Owner("group", group)), RETURN)
        return
    for group in outbound.groups:
        yield Rule(NAT, OUTBOUND, Match(owner=Owner("group", group, negated=True)), RETURN)


def _outbound(capture: Capture) -> Iterator[Rule]:
    for family in capture.families:
        yield Rule(NAT, OUTBOUND, Match(destination=family.loopback), RETURN, family.version)
        for cidr in cidrs(capture.outbound.excluded_ranges, family):
            yield Rule(NAT, OUTBOUND, Match(destination=cidr), RETURN, family.version)
    for port in capture.outbound.ports:
        yield Rule(NAT, OUTBOUND, Match(protocol="tcp", ports=(port,)), jump(REDIRECT))
    if capture.outbound.ranges == (ALL,):
        yield Rule(NAT, OUTBOUND, Match(), jump(REDIRECT))
        yield from _from_virtual_machines(capture, "", 0)
        return
    for family in capture.families:
        for cidr in cidrs(capture.outbound.ranges, family):
            yield from _from_virtual_machines(capture, cidr, family.version)
            yield Rule(NAT, OUTBOUND, Match(destination=cidr), jump(REDIRECT), family.version)


def _from_virtual_machines(capture: Capture, cidr: str, version: int) -> Iterator[Rule]:
    for name in capture.virtual_interfaces:
        match = Match(in_interface=name, destination=cidr)
        yield Rule(NAT, PREROUTING, match, jump(REDIRECT), version, first=True)


def cidrs(ranges: tuple[str, ...], family: Family) -> tuple[str, ...]:
    """The ranges of one family, in their canonical form."""
    networks = (ipaddress.ip_network(cidr, strict=False) for cidr in ranges if cidr != ALL)
    return tuple(str(network) for network in networks if network.version == family.version)


def _holds_loopback(capture: Capture, family: Family) -> bool:
    return any(ipaddress.ip_network(cidr).is_loopback for cidr in cidrs(capture.outbound.ranges, family))
