"""Problems of users' objects: broken parts, references that lead nowhere, and settings that have no effect.

A problem is a row of its own and changes nothing else. It follows from current inputs only: when its cause is
gone, so is the row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from isthmus.api.config import Config, Problem, Problems, Severity
from isthmus.api.destination import Destination
from isthmus.api.destination_rule import DestinationRule
from isthmus.api.gateway import Gateway
from isthmus.api.peer_authentication import PeerAuthentication
from isthmus.api.sidecar import Sidecar
from isthmus.api.virtual_service import VirtualService
from isthmus.collections import Collection, Context, Graph
from isthmus.derive.domain import ConfigKey
from isthmus.derive.gateways import Gateways
from isthmus.derive.host_names import wildcards
from isthmus.derive.plans import GENERAL
from isthmus.derive.policies import Policies
from isthmus.derive.virtual_hosts import Sources
from isthmus.translate.routes.destinations import Find
from isthmus.translate.routes.virtual_service import MESH

Found = Iterable[Problem]


def declare(
    graph: Graph, sources: Sources, policies: Policies, gateways: Gateways
) -> Mapping[str, Collection[ConfigKey, Problems]]:
    """Declares the problems of each kind, by namespace and name of the object."""
    domain, broken = sources.domain, sources.usable.problems
    carried = gateways.routers.index("gateway", lambda router: router.gateways)
    covered = domain.services.index("covering host", lambda service: [service.hostname, *wildcards(service.hostname)])

    def of_gateway(ctx: Context, key: ConfigKey, gateway: Config[Gateway]) -> Mapping[ConfigKey, Problems]:
        routers = ctx.select(carried, key)
        found = [problem for router in routers for owner, problem in router.problems if owner == key]
        if not routers:
            found.append(_warning("spec.selector", f"no connected gateway has the labels {_text(gateway)}"))
        return _rows(key, ctx.get(broken["Gateway"], key), found)

    def of_routes(ctx: Context, key: ConfigKey, service: Config[VirtualService]) -> Mapping[ConfigKey, Problems]:
        find = sources.hosts.find(ctx, service.namespace, GENERAL)
        found = [*_unknown_gateways(ctx, sources, service), *_unknown_delegates(ctx, sources, service)]
        found += _destinations(service, find)
        return _rows(key, ctx.get(broken["VirtualService"], key), found)

    def of_rule(ctx: Context, key: ConfigKey, rule: Config[DestinationRule]) -> Mapping[ConfigKey, Problems]:
        host = rule.spec.host
        short = "." not in host and "*" not in host
        found_service = sources.hosts.find(ctx, rule.namespace, GENERAL)(host).service if short else None
        known = found_service is not None or bool(not short and ctx.select(covered, host))
        found = [] if known else [_warning("spec.host", f"there is no service {host}, so the rule has no effect")]
        return _rows(key, ctx.get(broken["DestinationRule"], key), found)

    def of_peers(ctx: Context, key: ConfigKey, policy: Config[PeerAuthentication]) -> Mapping[ConfigKey, Problems]:
        siblings = ctx.select(policies.peers, policy.namespace)
        return _rows(key, None, [*_peer_problems(policy, siblings)])

    def of_sidecar(_: Context, key: ConfigKey, sidecar: Config[Sidecar]) -> Mapping[ConfigKey, Problems]:
        return _rows(key, None, [*_sidecar_problems(sidecar.spec)])

    return {
        "Gateway": graph.derive("problems of Gateway", domain.gateways, of_gateway),
        "VirtualService": graph.derive("problems of VirtualService", domain.virtual_services, of_routes),
        "DestinationRule": graph.derive("problems of DestinationRule", domain.destination_rules, of_rule),
        "PeerAuthentication": graph.derive("problems of PeerAuthentication", domain.peer_authentications, of_peers),
        "Sidecar": graph.derive("problems of Sidecar", domain.sidecars, of_sidecar),
    }


def _rows(key: ConfigKey, broken: Problems | None, found: list[Problem]) -> Mapping[ConfigKey, Problems]:
    everything = (*(broken or ()), *dict.fromkeys(found))
    return {key: everything} if everything else {}


def _warning(path: str, message: str) -> Problem:
    return Problem(path, message, Severity.WARNING)


def _text(gateway: Config[Gateway]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(gateway.spec.selector.items())) or "(any)"


def _unknown_gateways(ctx: Context, sources: Sources, service: Config[VirtualService]) -> Found:
    for i, name in enumerate(service.spec.gateways):
        namespace, slash, short = name.partition("/")
        key = (namespace, short) if slash else (service.namespace, name)
        if name != MESH and ctx.get(sources.domain.gateways, key) is None:
            yield Problem(f"spec.gateways[{i}]", f"there is no Gateway {'/'.join(key)}")


def _unknown_delegates(ctx: Context, sources: Sources, service: Config[VirtualService]) -> Found:
    for i, route in enumerate(service.spec.http):
        if route.delegate is None:
            continue
        key = (route.delegate.namespace or service.namespace, route.delegate.name)
        if ctx.get(sources.domain.virtual_services, key) is None:
            yield Problem(f"spec.http[{i}].delegate", f"there is no VirtualService {'/'.join(key)}")


def _destinations(service: Config[VirtualService], find: Find) -> Found:
    spec = service.spec
    http = [[entry.destination for entry in route.route] for route in spec.http]
    tls = [[entry.destination for entry in route.route] for route in spec.tls]
    tcp = [[entry.destination for entry in route.route] for route in spec.tcp]
    for kind, routes in (("http", http), ("tls", tls), ("tcp", tcp)):
        for i, destinations in enumerate(routes):
            for j, destination in enumerate(destinations):
                yield from _destination(f"spec.{kind}[{i}].route[{j}].destination", destination, find)


def _destination(path: str, destination: Destination, find: Find) -> Found:
    known = find(destination.host)
    if known.service is None:
        yield Problem(f"{path}.host", f"there is no service {known.hostname}: requests get a 503")
        return
    if destination.subset and all(one.name != destination.subset for one in known.policy.subsets):
        yield Problem(f"{path}.subset", f"no DestinationRule of {known.hostname} has a subset {destination.subset}")
    if destination.port and known.service.port(destination.port.number) is None:
        numbers = ", ".join(str(port.number) for port in known.service.ports)
        yield Problem(f"{path}.port", f"{known.hostname} has no port {destination.port.number}, only {numbers}")


def _peer_problems(policy: Config[PeerAuthentication], siblings: Iterable[Config[PeerAuthentication]]) -> Found:
    selecting = bool(policy.spec.selector and policy.spec.selector.match_labels)
    if policy.spec.port_level_mtls and not selecting:
        yield Problem("spec.portLevelMtls", "has no effect without spec.selector.matchLabels")
    if selecting:
        return
    general = [one for one in siblings if not (one.spec.selector and one.spec.selector.match_labels)]
    first = min(general, key=lambda one: one.age_key, default=policy)
    if first.key != policy.key:
        yield Problem("", f"has no effect: {first.name} is older and applies to the whole namespace, too")


def _sidecar_problems(spec: Sidecar) -> Found:
    if spec.ingress:
        yield Problem("spec.ingress", "is not supported: ports are taken from the services that select the workload")
    if spec.inbound_connection_pool is not None:
        yield Problem("spec.inboundConnectionPool", "is not supported: inbound connections are not limited")
    for i, listener in enumerate(spec.egress):
        if listener.port is not None or listener.bind:
            message = "listeners of their own are not supported: the hosts are seen on all ports"
            yield Problem(f"spec.egress[{i}].port", message)
        for j, host in enumerate(listener.hosts):
            if "/" not in host:
                yield Problem(f"spec.egress[{i}].hosts[{j}]", f"{host!r} is left out: write namespace/host, or */host")
