"""Port numbers on which some service speaks HTTP: sidecars share one listener and one route table for each."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from isthmus.collections import Collection, Context, Graph
from isthmus.derive.domain import Domain
from isthmus.model.service import Resolution, Service


class PortUse(msgspec.Struct, frozen=True):
    """The services that speak HTTP on a port."""

    port: int
    hosts: frozenset[str]


class HttpPorts(msgspec.Struct, frozen=True):
    """Declared collections of HTTP ports."""

    uses: Collection[int, PortUse]
    used: Collection[int, int]  # only that a port is used: does not change with the services


def declare(graph: Graph, domain: Domain) -> HttpPorts:
    """Declares which ports are used for HTTP."""
    ports = graph.derive("http ports of services", domain.services, _ports)
    by_port = ports.index("port", lambda row: (row[1],))
    uses = graph.group(
        "http ports", by_port, lambda _, port, rows: {port: PortUse(port, frozenset(host for host, _port in rows))}
    )
    return HttpPorts(uses, graph.derive("used http ports", uses, lambda _, port, __: {port: port}))


def _ports(_: Context, hostname: str, service: Service) -> Mapping[tuple[str, int], tuple[str, int]]:
    if service.resolution is Resolution.ALIAS:
        return {}
    return {(hostname, port.number): (hostname, port.number) for port in service.ports if port.protocol.is_http}
