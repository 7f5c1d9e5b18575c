"""Rules of VirtualService."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from isthmus.api.config import Problem
from isthmus.api.virtual_service import TcpRoute, TlsRoute, VirtualService
from isthmus.validation import syntax
from isthmus.validation.destinations import destination, weights
from isthmus.validation.findings import Findings, each, export_to, repeated, warning, wrong
from isthmus.validation.http_route import http_route

MESH = "mesh"


def virtual_service(spec: VirtualService) -> Findings:
    """Rules of the whole object. Without hosts it is a delegate: routes that another object continues with."""
    delegated = not spec.hosts
    if delegated:
        yield from _delegate(spec)
    else:
        yield from _hosts(spec)
    for index, name in enumerate(spec.gateways):
        yield from wrong(f"spec.gateways[{index}]", _gateway_name(name))
    if not (spec.http or spec.tls or spec.tcp):
        yield Problem("spec", "one of http, tls and tcp must be set")
    for index, http in enumerate(spec.http):
        yield from http_route(f"spec.http[{index}]", http, delegated=delegated)
    for index, tls in enumerate(spec.tls):
        yield from _tls_route(f"spec.tls[{index}]", tls, spec.hosts)
    for index, tcp in enumerate(spec.tcp):
        yield from _tcp_route(f"spec.tcp[{index}]", tcp)
    yield from _unreachable("spec.http", [route.match for route in spec.http])
    yield from _unreachable("spec.tcp", [route.match for route in spec.tcp])
    yield from export_to("spec.exportTo", spec.export_to)


def _delegate(spec: VirtualService) -> Findings:
    if spec.gateways:
        yield Problem("spec.gateways", "a delegate (an object without hosts) cannot name gateways")
    if spec.tcp or spec.tls:
        yield Problem("spec", "a delegate (an object without hosts) can have http routes only")


def _hosts(spec: VirtualService) -> Findings:
    yield from each("spec.hosts", spec.hosts, syntax.host_or_address)
    for first, index, host in repeated(host.lower() for host in spec.hosts):
        yield Problem(f"spec.hosts[{index}]", f"{host!r} is already hosts[{first}]")
    if "*" in spec.hosts and (not spec.gateways or MESH in spec.gateways):
        yield Problem("spec.hosts", "'*' is allowed on gateways only; name gateways without 'mesh'")


def _gateway_name(name: str) -> str:
    if name == MESH:
        return ""
    namespace, slash, short = name.rpartition("/")
    if not slash:
        return syntax.domain(name)
    return ("" if namespace == "." else syntax.dns_label(namespace)) or syntax.domain(short)


def _tls_route(path: str, route: TlsRoute, hosts: tuple[str, ...]) -> Findings:
    if not route.match:
        yield Problem(f"{path}.match", "a TLS route needs at least one match")
    for index, match in enumerate(route.match):
        where = f"{path}.match[{index}]"
        if not match.sni_hosts:
            yield Problem(f"{where}.sniHosts", "at least one server name is needed")
        for position, name in enumerate(match.sni_hosts):
            field = f"{where}.sniHosts[{position}]"
            yield from wrong(field, syntax.wildcard_domain(name))
            if not any(covers(host, name) for host in hosts):
                yield Problem(field, f"{name!r} is not covered by any of the object's hosts")
        yield from each(f"{where}.destinationSubnets", match.destination_subnets, syntax.address_or_range)
    yield from _route(path, route)


def _tcp_route(path: str, route: TcpRoute) -> Findings:
    for index, match in enumerate(route.match):
        where = f"{path}.match[{index}]"
        yield from each(f"{where}.destinationSubnets", match.destination_subnets, syntax.address_or_range)
    yield from _route(path, route)


def _route(path: str, route: TlsRoute | TcpRoute) -> Findings:
    if not route.route:
        yield Problem(f"{path}.route", "a destination is needed")
    for index, entry in enumerate(route.route):
        yield from destination(f"{path}.route[{index}].destination", entry.destination)
    yield from weights(f"{path}.route", [entry.weight for entry in route.route])


def covers(wide: str, narrow: str) -> bool:
    """Whether ``wide`` stands for every name that ``narrow`` stands for (``*.a.com`` covers ``b.a.com``)."""
    if wide in ("*", narrow):
        return True
    return wide.startswith("*.") and narrow.removeprefix("*").endswith(wide[1:])


def _unreachable(path: str, matches: Iterable[tuple[msgspec.Struct, ...]]) -> Findings:
    caught, seen = None, dict[bytes, str]()
    for index, conditions in enumerate(matches):
        where = f"{path}[{index}]"
        if caught is not None:
            yield warning(where, f"is never reached: {caught} matches everything", "unreachable-rule")
        elif not conditions:
            caught = where
        for position, condition in enumerate(conditions):
            text = msgspec.json.encode(condition, order="sorted")
            earlier = seen.setdefault(text, f"{where}.match[{position}]")
            if earlier != f"{where}.match[{position}]":
                yield warning(
                    f"{where}.match[{position}]", f"is never reached: it equals {earlier}", "ineffective-match"
                )
