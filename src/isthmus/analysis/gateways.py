"""Gateways: whose pods carry them, whether their ports lead anywhere, whether they contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

from isthmus.analysis.codes import CONFLICTING_GATEWAYS, INVALID_CREDENTIAL, NOT_FOUND, PORT_NOT_ON_SERVICE
from isthmus.analysis.finding import Findings, found
from isthmus.analysis.snapshot import Entry, Snapshot
from isthmus.api.config import Config
from isthmus.api.core_pod import Pod
from isthmus.api.core_service import Service
from isthmus.api.gateway import Gateway, Server
from isthmus.api.selector import matches
from isthmus.api.wire import Labels
from isthmus.validation.virtual_service import covers

Row = Entry[Config[Gateway]]
_KEY_PAIRS = (("tls.crt", "tls.key"), ("cert", "key"))
_OWN_CERTIFICATE = ("PASSTHROUGH", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL")


def gateways(snapshot: Snapshot) -> Findings:
    """IST0101 (selector, credential), IST0145, IST0161, IST0162."""
    for row in snapshot.own.gateways:
        pods = list(_pods(snapshot, row.value.spec.selector))
        if pods:
            yield from _ports(snapshot, row, pods)
            yield from _credentials(snapshot, row, {pod.metadata.namespace for pod in pods})
        elif row.value.spec.selector and (snapshot.own.live or snapshot.own.pods):
            yield found(NOT_FOUND, row.origin, "selector", _text(row.value.spec.selector))
    yield from _conflicts(snapshot.own.gateways)


def _pods(snapshot: Snapshot, selector: Labels) -> Iterator[Pod]:
    return (entry.value for entry in snapshot.own.running_pods() if matches(selector, entry.value.metadata.labels))


def _text(selector: Labels) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(selector.items()))


def _ports(snapshot: Snapshot, row: Row, pods: list[Pod]) -> Findings:
    services = [entry.value for entry in snapshot.own.services if _selects_any(entry.value, pods)]
    numbers = {port.port for service in services for port in service.spec.ports}
    if not services:
        return
    for number in sorted({server.port.number for server in row.value.spec.servers} - numbers):
        if number:
            yield found(PORT_NOT_ON_SERVICE, row.origin, number, _text(row.value.spec.selector))


def _selects_any(service: Service, pods: list[Pod]) -> bool:
    selector = service.spec.selector
    return bool(selector) and any(
        service.metadata.namespace == pod.metadata.namespace and matches(selector, pod.metadata.labels) for pod in pods
    )


def _credentials(snapshot: Snapshot, row: Row, namespaces: set[str]) -> Findings:
    """Secrets are read from the namespace of the gateway's pods, not of the Gateway object."""
    if "Secret" in snapshot.own.unreadable or not snapshot.own.live:
        return
    secrets = {(e.value.metadata.namespace, e.value.metadata.name): e.value for e in snapshot.own.secrets}
    for server in row.value.spec.servers:
        for namespace in sorted(namespaces):
            for name in _named(server):
                secret = secrets.get((namespace, name))
                if secret is None:
                    yield found(NOT_FOUND, row.origin, f"credentialName in namespace {namespace}", name)
                elif not any(secret.data.keys() >= set(pair) for pair in _KEY_PAIRS):
                    cure = f"Secret {namespace}/{name} needs the keys tls.crt and tls.key."
                    yield found(INVALID_CREDENTIAL, row.origin, row.value.name, row.value.namespace, cure)


def _named(server: Server) -> tuple[str, ...]:
    tls = server.tls
    if tls is None or tls.mode in _OWN_CERTIFICATE:
        return ()
    names = (tls.credential_name, *tls.credential_names)
    return tuple(name for name in names if name and "://" not in name)


def _conflicts(rows: tuple[Row, ...]) -> Findings:
    """Two gateways of the same pods that serve one host on one port: which one counts is a matter of age."""
    for row in rows:
        for server in row.value.spec.servers:
            others = [other for other in rows if other is not row and _same_pods(row, other)]
            rivals = [other for other in others if any(_same(server, theirs) for theirs in other.value.spec.servers)]
            if rivals:
                names = ",".join(f"{other.value.namespace}/{other.value.name}" for other in rivals)
                about = (_text(row.value.spec.selector), server.port.number, ",".join(server.hosts))
                yield found(CONFLICTING_GATEWAYS, row.origin, names, *about)


def _same_pods(row: Row, other: Row) -> bool:
    return row.value.spec.selector == other.value.spec.selector


def _same(server: Server, other: Server) -> bool:
    if server.port.number != other.port.number or server.bind != other.bind:
        return False
    return any(_overlap(one, two) for one in server.hosts for two in other.hosts)


def _overlap(one: str, two: str) -> bool:
    scope, _, host = one.rpartition("/")
    other_scope, _, other = two.rpartition("/")
    apart = scope and other_scope and "*" not in (scope, other_scope) and scope != other_scope
    return not apart and (covers(host, other) or covers(other, host))
