"""Discovery: what every connected proxy is told, and which proxies a change concerns.

Declares the derived collections after the domain's. Resources are shared; what belongs to one proxy is joined at
look-up from the rows of its audience and its workload.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from isthmus.api.config import Problems
from isthmus.derive import (
    addresses,
    assignments,
    clusters,
    gateway_api_status,
    gateways,
    hosts,
    http_ports,
    inbound_listeners,
    listeners,
    members,
    name_tables,
    plans,
    policies,
    problems,
    relevant,
    routes,
    single_hosts,
    upstreams,
    usable,
    virtual_hosts,
    visibility,
)
from isthmus.derive.changes import Changes
from isthmus.derive.domain import Domain
from isthmus.derive.lookup import Lookup
from isthmus.derive.tables import Tables
from isthmus.model.resource import Resource
from isthmus.model.status import Status, StatusKey
from isthmus.translate.client_tls import may_hold_key

Observer = Callable[[Mapping[str, Mapping[str, set[str]]]], None]


class Discovery:
    """The resources of connected proxies; proxies are named by their connection ids."""

    def __init__(self, domain: Domain, tables: Tables) -> None:
        self.tables = tables
        self._lookup = Lookup(tables)
        self._changes = Changes(tables)
        self._domain = domain

    def wildcard(self, proxy_id: str, type_url: str) -> Mapping[str, Resource]:
        """All resources of a type for a proxy, by name; empty for an unknown proxy or type."""
        member = self.tables.members.members.get(proxy_id)
        return {} if member is None else self._lookup.all(member, type_url)

    def named(self, proxy_id: str, type_url: str, names: Iterable[str]) -> Mapping[str, Resource]:
        """Those of the named resources that exist for a proxy."""
        member = self.tables.members.members.get(proxy_id)
        if member is None:
            return {}
        found = {name: self._lookup.one(member, type_url, name) for name in names}
        return {name: resource for name, resource in found.items() if resource is not None}

    def asks_for_keys(self, proxy_id: str) -> bool:
        """Whether the Gateways that a proxy carries name Secrets of its own namespace."""
        member = self.tables.members.members.get(proxy_id)
        return member is not None and any(map(may_hold_key, self.tables.gateways.find(member.audience).secrets))

    def problems(self) -> Mapping[tuple[str, str, str], Problems]:
        """Everything that is wrong with users' objects: kind, namespace and name → problems."""
        return {
            (kind, *key): found for kind, rows in self.tables.problems.items() for key, found in sorted(rows.items())
        }

    def statuses(self) -> Mapping[StatusKey, Status]:
        """What every object of the Gateway API that is served here is told about itself."""
        return {key: row for rows in self.tables.statuses for key, row in sorted(rows.items())}

    def status(self, key: StatusKey) -> Status | None:
        """What one object of the Gateway API is told; None when it is not served here."""
        return next((found for rows in self.tables.statuses if (found := rows.get(key)) is not None), None)

    def observe(self, observer: Observer) -> None:
        """Calls the observer after each settlement that may have changed resources of connected proxies.

        It gets proxy id → type URL → names that changed or went. A name may be told although its resource is the
        same as before; versions tell. Mappings are shared between proxies and must not be changed.
        """

        def settled(settlement: object) -> None:
            try:
                changed = self._changes.of(settlement)  # type: ignore[arg-type]
            except Exception:  # a bug, which the graph reports; nobody must keep what is out of date for it
                observer(self._changes.everything())
                raise
            if changed:
                observer(changed)

        self._domain.graph.observe(settled)


def build(domain: Domain, dns_domain: str = "cluster.local") -> Discovery:
    """Declares everything that proxies are told. ``dns_domain`` ends the names of Kubernetes services."""
    graph = domain.graph
    suffix = f"svc.{dns_domain}"
    objects = usable.declare(graph, domain, suffix)
    policy = policies.declare(graph, domain, objects)
    proxies = members.declare(graph, domain, objects, policy, relevant.declare(graph, domain, objects))
    audiences = proxies.audiences
    upstream = upstreams.declare(graph, domain, policy)
    finder = hosts.declare(domain, upstream, suffix)
    plan = plans.declare(graph, domain, objects, finder)
    visible = visibility.declare(graph, domain, audiences)
    vips = addresses.declare(graph, domain, audiences)
    ports = http_ports.declare(graph, domain)
    sources = virtual_hosts.Sources(domain, finder, plan, objects, visible, vips)
    virtual = virtual_hosts.declare(graph, sources, audiences)
    routers = gateways.declare(graph, sources, audiences)
    tables = Tables(
        members=proxies,
        policies=policy,
        visibility=visible,
        http_ports=ports,
        clusters=clusters.declare(graph, upstream, proxies),
        assignments=assignments.declare(graph, upstream, proxies),
        listeners=listeners.declare(graph, sources, audiences, ports),
        inbound=inbound_listeners.declare(graph, domain, proxies),
        plans=plan,
        routes=routes.declare(graph, sources, virtual, ports),
        single_hosts=single_hosts.indexed(virtual, visible),
        names=name_tables.declare(graph, sources, audiences),
        gateways=routers,
        problems=problems.declare(graph, sources, policy, routers),
        converted=objects.converted,
        statuses=gateway_api_status.declare(graph, domain, objects.converted),
    )
    return Discovery(domain, tables)
