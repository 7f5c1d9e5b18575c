"""VirtualServices: hosts and routes that can be translated."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

import msgspec

from isthmus.api.config import Problems
from isthmus.api.virtual_service import RouteDestination, TcpRoute, TlsRoute, VirtualService
from isthmus.translate.validity.host_texts import is_host
from isthmus.translate.validity.http_routes import usable_routes
from isthmus.translate.validity.notes import Notes


def usable(spec: VirtualService) -> tuple[VirtualService, Problems]:
    """The object without what cannot be translated."""
    notes = Notes()
    hosts = tuple(host for at, host in notes.each("hosts", spec.hosts) if _host(host, at))
    if not spec.hosts and spec.gateways:
        notes.at("gateways").error("has no effect without hosts: an object without hosts is a delegate of others")
    return (
        msgspec.structs.replace(
            spec,
            hosts=hosts,
            http=usable_routes(spec.http, notes),
            tls=tuple(route for at, route in notes.each("tls", spec.tls) if _tls(route, at)),
            tcp=tuple(route for at, route in notes.each("tcp", spec.tcp) if _tcp(route, at)),
        ),
        notes.problems,
    )


def _host(host: str, notes: Notes) -> bool:
    if not is_host(host):
        notes.error(f"the host is left out: {host!r} is neither a name nor a wildcard such as *.example.com")
        return False
    return True


def _tls(route: TlsRoute, notes: Notes) -> bool:
    for at, match in notes.each("match", route.match):
        if not match.sni_hosts or not all(is_host(name) for name in match.sni_hosts):
            at.at("sniHosts").error("the route is left out: each match needs names, or wildcards such as *.example.com")
            return False
    if not route.match:
        notes.at("match").error("the route is left out: it needs a match with sniHosts")
        return False
    if not all(_ranges(match.destination_subnets, at) for at, match in notes.each("match", route.match)):
        return False
    return _destinations(route.route, notes)


def _tcp(route: TcpRoute, notes: Notes) -> bool:
    for at, match in notes.each("match", route.match):
        if not _ranges((*match.destination_subnets, match.source_subnet), at):
            return False
    return _destinations(route.route, notes)


def _ranges(texts: Iterable[str], notes: Notes) -> bool:
    for text in filter(None, texts):
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            notes.error(f"the route is left out: {text!r} is neither an address nor a range such as 10.0.0.0/8")
            return False
    return True


def _destinations(entries: Iterable[RouteDestination], notes: Notes) -> bool:
    found = tuple(entries)
    if not found or (len(found) > 1 and sum(max(entry.weight, 0) for entry in found) == 0):
        notes.at("route").error("the route is left out: it needs a destination, and weights when it has several")
        return False
    return True
