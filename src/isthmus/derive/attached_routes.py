"""Routes of the Gateway API as rows: where each is attached, what it says there, and what its parents think of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from isthmus.api.config import Config
from isthmus.api.gateway_api.references import ParentReference
from isthmus.api.virtual_service import RouteDestination, TcpRoute, TlsMatchAttributes, TlsRoute, VirtualService
from isthmus.api.wire import Labels
from isthmus.derive.domain import ConfigKey
from isthmus.model.status import Condition, ParentStatus, StatusKey
from isthmus.translate.gateway_api import names
from isthmus.translate.gateway_api.backends import Backends, Fault
from isthmus.translate.gateway_api.connections import destinations
from isthmus.translate.gateway_api.grants import GrantsIn, Referrer
from isthmus.translate.gateway_api.listeners import Opened
from isthmus.translate.gateway_api.parents import Attached, Attaching, attach, is_gateway
from isthmus.translate.gateway_api.precedence import Ranked, ordered
from isthmus.translate.gateway_api.rules import Compiled, grpc_rules, http_rules
from isthmus.translate.routes.virtual_service import GATEWAY_API, SEMANTICS

Place = tuple[str, str, str]  # namespace and name of a generated Gateway, host
_KNOWN = Condition("ResolvedRefs", True, "ResolvedRefs", "All references are known")


class Places(msgspec.Struct, frozen=True):
    """What routes are looked up in."""

    listeners_of: Callable[[ConfigKey], tuple[str, tuple[Opened, ...]] | None]  # controller and listeners
    labels_of: Callable[[str], Labels]
    exists: Callable[[str], bool]
    grants_in: GrantsIn
    suffix: str


class AttachedRoute(msgspec.Struct, frozen=True):
    """One route. ``gateways`` are its parents; ``listeners`` the ones that take it, by Gateway and name."""

    key: StatusKey
    generation: int
    age: tuple[str, str, str]
    parents: tuple[ParentStatus, ...]
    gateways: tuple[ConfigKey, ...]
    listeners: tuple[tuple[ConfigKey, str], ...] = ()
    places: tuple[Place, ...] = ()
    requests: tuple[Ranked, ...] = ()
    connections: tuple[RouteDestination, ...] = ()


def attached_route(key: StatusKey, route: Config[Any], places: Places) -> AttachedRoute | None:
    """The row of a route; None when none of its parents is served here."""
    found = [*_parents(key, route, places)]
    if not found:
        return None
    backends = Backends(Referrer(key.kind, key.namespace), places.exists, places.grants_in, places.suffix, [])
    compiled, connections = _compiled(key.kind, route, backends)
    taken = [(gateway, one, hosts) for _, gateway, _, attached in found for one, hosts in attached.listeners]
    return AttachedRoute(
        key=key,
        generation=route.generation,
        age=route.age_key,
        parents=tuple(_status(*one, compiled, backends.faults) for one in found),
        gateways=tuple(dict.fromkeys(gateway for _, gateway, _, _ in found)),
        listeners=tuple(dict.fromkeys((gateway, one.name) for gateway, one, _ in taken)),
        places=tuple(dict.fromkeys(place for one in taken for place in _places(*one))),
        requests=compiled.routes,
        connections=connections,
    )


def merged(place: Place, rows: Iterable[AttachedRoute]) -> Mapping[ConfigKey, Config[VirtualService]]:
    """The VirtualService of one host of one generated Gateway."""
    namespace, gateway, host = place
    by_age = sorted(rows, key=lambda row: (row.age, row.key))
    connections = next((row.connections for row in by_age if row.connections), ())
    spec = VirtualService(
        hosts=(host,),
        gateways=(f"{namespace}/{gateway}",),
        http=ordered(one for row in by_age for one in row.requests),
        tls=(TlsRoute(match=(TlsMatchAttributes(sni_hosts=(host,)),), route=connections),) if connections else (),
        tcp=(TcpRoute(route=connections),) if connections else (),
    )
    key = (namespace, f"{gateway}~{host}")
    created = by_age[0].age[0] if by_age else ""
    return {key: Config("", *key, created, {}, {SEMANTICS: GATEWAY_API}, spec)}


def _parents(
    key: StatusKey, route: Config[Any], places: Places
) -> Iterable[tuple[ParentReference, ConfigKey, str, Attached]]:
    attaching = Attaching(key.kind, key.namespace, getattr(route.spec, "hostnames", ()))
    for parent in route.spec.parent_refs:
        gateway = (parent.namespace or key.namespace, parent.name)
        found = places.listeners_of(gateway) if is_gateway(parent) else None
        if found is not None:
            controller, listeners = found
            yield parent, gateway, controller, attach(attaching, parent, (gateway[0], listeners), places.labels_of)


def _compiled(kind: str, route: Config[Any], backends: Backends) -> tuple[Compiled, tuple[RouteDestination, ...]]:
    if kind == "HTTPRoute":
        return http_rules(route, backends), ()
    if kind == "GRPCRoute":
        return grpc_rules(route, backends), ()
    return Compiled(), destinations(route.spec.rules, backends)


def _places(gateway: ConfigKey, listener: Opened, hosts: tuple[str, ...]) -> Iterable[Place]:
    if listener.server is not None:
        for host in hosts:
            yield gateway[0], names.generated_gateway(gateway[1], listener.name), host


def _status(
    parent: ParentReference,
    gateway: ConfigKey,
    controller: str,
    attached: Attached,
    compiled: Compiled,
    faults: list[Fault],
) -> ParentStatus:
    return ParentStatus(
        group=parent.group,
        kind=parent.kind,
        name=parent.name,
        namespace=parent.namespace,
        section_name=parent.section_name,
        port=parent.port,
        controller=controller,
        conditions=tuple(_conditions(attached.accepted, compiled, faults)),
    )


def _conditions(accepted: Condition, compiled: Compiled, faults: list[Fault]) -> Iterable[Condition]:
    why = "; ".join(compiled.unusable)
    if accepted.status and compiled.unusable and not compiled.routes:
        accepted = Condition("Accepted", False, "UnsupportedValue", f"No rule can be used: {why}")
    yield accepted
    if accepted.status and compiled.unusable:
        yield Condition("PartiallyInvalid", True, "UnsupportedValue", f"Dropped matches: {why}")
    if faults:
        text = "; ".join(dict.fromkeys(fault.message for fault in faults))
        yield Condition("ResolvedRefs", False, faults[0].reason, text)
    else:
        yield _KNOWN
