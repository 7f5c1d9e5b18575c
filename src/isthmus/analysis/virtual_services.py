"""What VirtualServices refer to: gateways, hosts, subsets, ports; and what they claim together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from isthmus.analysis.codes import CONFLICTING_MESH_HOSTS, HOST_NOT_IN_GATEWAY, NOT_FOUND, PORT_REQUIRED
from isthmus.analysis.finding import Findings, found
from isthmus.analysis.hosts import Hosts, full_name, hosts_of
from isthmus.analysis.snapshot import Entry, Snapshot
from isthmus.api.config import Config
from isthmus.api.destination import Destination
from isthmus.api.gateway import Gateway
from isthmus.api.virtual_service import VirtualService
from isthmus.validation.virtual_service import MESH, covers

Row = Entry[Config[VirtualService]]


def virtual_services(snapshot: Snapshot) -> Findings:
    """IST0101 for gateways, hosts and subsets; IST0109, IST0112, IST0132."""
    hosts = hosts_of(snapshot)
    subsets = _subsets(snapshot)
    gateways = {entry.value.key: entry.value.spec for entry in snapshot.own.gateways}
    for row in snapshot.own.virtual_services:
        yield from _gateways(row, gateways)
        yield from _destinations(row, hosts, subsets)
    yield from _conflicts(snapshot.own.virtual_services)


def destinations(spec: VirtualService) -> Iterator[Destination]:
    """Every service that routes of an object name, mirrors included."""
    for http in spec.http:
        yield from (entry.destination for entry in http.route)
        yield from (entry.destination for entry in http.mirrors)
        if http.mirror:
            yield http.mirror
    for tls in spec.tls:
        yield from (entry.destination for entry in tls.route)
    for tcp in spec.tcp:
        yield from (entry.destination for entry in tcp.route)


def _gateways(row: Row, gateways: dict[tuple[str, str], Gateway]) -> Findings:
    for name in row.value.spec.gateways:
        if name == MESH:
            continue
        key = _gateway_key(name, row.value.namespace)
        gateway = gateways.get(key)
        if gateway is None:
            yield found(NOT_FOUND, row.origin, "gateway", name)
        elif missing := _unserved(row.value, key[0], gateway):
            yield found(HOST_NOT_IN_GATEWAY, row.origin, list(missing), row.value.name, name)


def _gateway_key(name: str, namespace: str) -> tuple[str, str]:
    before, slash, after = name.partition("/")
    return (namespace if before == "." else before, after) if slash else (namespace, name)


def _unserved(row: Config[VirtualService], namespace: str, gateway: Gateway) -> tuple[str, ...]:
    """Hosts that no server of the gateway has for the row's namespace."""
    served: list[str] = []
    for server in gateway.servers:
        for host in server.hosts:
            scope, slash, name = host.rpartition("/")
            owner = namespace if scope == "." else scope
            if not slash or owner in ("*", row.namespace):
                served.append(name)
    return tuple(
        host for host in row.spec.hosts if not any(covers(name, host) or covers(host, name) for name in served)
    )


def _subsets(snapshot: Snapshot) -> dict[str, set[str]]:
    names: dict[str, set[str]] = defaultdict(set)
    for entry in snapshot.own.destination_rules:
        host = full_name(entry.value.spec.host, entry.value.namespace)
        names[host].update(subset.name for subset in entry.value.spec.subsets)
    return names


def _destinations(row: Row, hosts: Hosts, subsets: dict[str, set[str]]) -> Findings:
    for destination in destinations(row.value.spec):
        host = full_name(destination.host, row.value.namespace)
        if not hosts.knows(host):
            yield found(NOT_FOUND, row.origin, "host", destination.host)
            continue
        if destination.subset and not _has_subset(subsets, host, destination.subset):
            value = f"{destination.host}+{destination.subset}"
            yield found(NOT_FOUND, row.origin, "host+subset in destinationrule", value)
        numbers = hosts.ports.get(host, ())
        if destination.port is None and len(numbers) > 1:
            yield found(PORT_REQUIRED, row.origin, destination.host, list(numbers))


def _has_subset(subsets: dict[str, set[str]], host: str, subset: str) -> bool:
    return any(subset in names for rule, names in subsets.items() if covers(rule, host))


def _conflicts(rows: tuple[Row, ...]) -> Findings:
    """Objects that give sidecars different routes for one host (delegates have no hosts)."""
    claims: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        spec = row.value.spec
        if spec.gateways and MESH not in spec.gateways:
            continue
        scope = row.value.namespace if spec.export_to == (".",) else "*"
        for host in spec.hosts:
            claims[scope, full_name(host, row.value.namespace)].append(row)
    for (_, host), claimants in claims.items():
        names = sorted({f"{row.value.namespace}/{row.value.name}" for row in claimants})
        if len(names) > 1:
            for row in claimants:
                yield found(CONFLICTING_MESH_HOSTS, row.origin, ", ".join(names), host)
