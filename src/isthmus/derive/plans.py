"""Routing plans: which VirtualServices may apply to a hostname, and whether that depends on who asks.

Most plans are the same for every client; only the others are worked out per scope.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from isthmus.api.config import Config
from isthmus.api.mesh_config import MeshConfig
from isthmus.api.virtual_service import VirtualService
from isthmus.collections import Collection, Context, Graph
from isthmus.derive.domain import ConfigKey, Domain
from isthmus.derive.host_names import Host, is_short_form, names_of, wildcards, written
from isthmus.derive.hosts import Hosts
from isthmus.derive.mesh import mesh_config
from isthmus.derive.usable import Usable
from isthmus.derive.views import Scope
from isthmus.derive.visibility import PUBLIC
from isthmus.model.service import Service
from isthmus.translate.routes.virtual_service import MESH, for_gateway

GENERAL = Scope("")
"""The scope of rows that are the same for every client."""


class Candidate(msgspec.Struct, frozen=True):
    """A VirtualService and who may see it."""

    key: ConfigKey
    to: tuple[str, ...]


class Plan(msgspec.Struct, frozen=True):
    """The VirtualServices for one hostname, the one that wins first."""

    hostname: str
    candidates: tuple[Candidate, ...] = ()
    special: bool = False  # the outcome depends on the client's scope

    def scope(self, scope: Scope) -> Scope:
        """The scope whose row a client gets."""
        return scope if self.special else GENERAL

    def chosen(self, scope: Scope) -> ConfigKey | None:
        """The VirtualService that applies for clients of a scope."""
        seen = (one.key for one in self.candidates if PUBLIC in one.to or scope.namespace in one.to)
        return next(seen, None)


class Plans(msgspec.Struct, frozen=True):
    """Declared collections of plans."""

    services: Collection[str, Plan]  # by hostname; only services that have candidates or are special
    others: Collection[str, Plan]  # by host, for hosts that are no services

    def scope(self, hostname: str, scope: Scope) -> Scope:
        """The scope whose rows of a service a client gets."""
        plan = self.services.get(hostname)
        return GENERAL if plan is None else plan.scope(scope)

    def of_service(self, ctx: Context, hostname: str) -> Plan:
        """The plan of a service."""
        return ctx.get(self.services, hostname) or Plan(hostname)


def declare(graph: Graph, domain: Domain, usable: Usable, hosts: Hosts) -> Plans:
    """Declares the plans of services and of all other hosts that VirtualServices name."""
    by_host = usable.virtual_services.index("mesh host", _mesh_hosts)
    covered = domain.services.index(
        "wildcard", lambda service: [*wildcards(service.hostname), *_all_addresses(service)]
    )

    def of_service(ctx: Context, hostname: str, service: Service) -> Mapping[str, Plan]:
        mesh = mesh_config(ctx, domain)
        found = [one for name in names_of(service) for one in _oldest_first(ctx.select(by_host, name))]
        special = _is_special(found, mesh) or _shaped_apart(ctx, hosts, [hostname, *_destinations(found, hosts.suffix)])
        if not found and not special:
            return {}
        return {hostname: Plan(hostname, tuple(_candidate(one, mesh) for one in found), special)}

    def of_other(ctx: Context, host: Host, rows: tuple[Config[VirtualService], ...]) -> Mapping[str, Plan]:
        namespace, name = host
        if namespace or ctx.select(covered, name) or _is_routed(ctx, hosts, name):
            return {}
        mesh, found = mesh_config(ctx, domain), _oldest_first(rows)
        return {name: Plan(name, tuple(_candidate(one, mesh) for one in found), _is_special(found, mesh))}

    return Plans(
        services=graph.derive("routing plans", domain.services, of_service),
        others=graph.group("routing plans of other hosts", by_host, of_other),
    )


def _is_routed(ctx: Context, hosts: Hosts, name: str) -> bool:
    """Whether a host is a service by another of its names, which that service's virtual host has already."""
    if ctx.get(hosts.domain.services, name) is not None:
        return True
    labels = name.removeprefix("*.").split(".")
    candidates = ctx.select(hosts.by_short_name, (labels[1], labels[0])) if len(labels) > 1 else ()
    return any(is_short_form(name, service) for service in candidates)


def _all_addresses(service: Service) -> list[str]:
    return [address for addresses in service.vips.values() for address in addresses]


def _mesh_hosts(config: Config[VirtualService]) -> Iterable[Host]:
    if for_gateway(config.spec.gateways, config.namespace, MESH):
        yield from dict.fromkeys(written(host, config.namespace) for host in config.spec.hosts)


def _oldest_first(rows: Iterable[Config[VirtualService]]) -> list[Config[VirtualService]]:
    return sorted(rows, key=lambda row: row.age_key)


def exported_to(config: Config[VirtualService], mesh: MeshConfig) -> tuple[str, ...]:
    """The namespaces that see a VirtualService; ``PUBLIC`` for all."""
    to = config.spec.export_to or mesh.default_virtual_service_export_to
    return tuple(sorted({config.namespace if name == "." else name for name in to} - {"~"}))


def _candidate(config: Config[VirtualService], mesh: MeshConfig) -> Candidate:
    return Candidate(config.key, exported_to(config, mesh))


def _is_special(found: Iterable[Config[VirtualService]], mesh: MeshConfig) -> bool:
    return any(PUBLIC not in _candidate(one, mesh).to or _asks_for_source(one.spec) for one in found)


def _asks_for_source(spec: VirtualService) -> bool:
    http = [(match.source_labels, match.source_namespace) for route in spec.http for match in route.match]
    tls = [(match.source_labels, match.source_namespace) for route in spec.tls for match in route.match]
    tcp = [(match.source_labels, match.source_namespace) for route in spec.tcp for match in route.match]
    return any(labels or namespace for labels, namespace in (*http, *tls, *tcp))


def _destinations(found: Iterable[Config[VirtualService]], suffix: str) -> Iterable[str]:
    """Hostnames that routes lead to."""
    for one in found:
        for route in one.spec.http:
            for entry in route.route:
                host = entry.destination.host
                yield host if "." in host else f"{host}.{one.namespace}.{suffix}"


def _shaped_apart(ctx: Context, hosts: Hosts, names: Iterable[str]) -> bool:
    """Whether policies that differ between namespaces reach into the routes to one of these hosts."""
    for name in names:
        policies = ctx.get(hosts.upstreams.policies.destinations, name)
        if policies is not None and len(policies.variants) > 1 and policies.shape_routes:
            return True
    return False
