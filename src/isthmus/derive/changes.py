"""Which proxies a settlement concerns, and which of their resources.

Worked out per audience, so that a change costs audiences rather than proxies. A name may be told although its
resource stayed the same; never the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import msgspec

from isthmus.collections import Change, Collection, Settlement
from isthmus.derive.assignments import AssignmentKey
from isthmus.derive.audiences import ALL
from isthmus.derive.blocks import Piece
from isthmus.derive.clusters import ClusterKey
from isthmus.derive.destination_policies import DestinationPolicies
from isthmus.derive.http_ports import PortUse
from isthmus.derive.listeners import ListenerKey, ServiceListeners
from isthmus.derive.lookup import Lookup
from isthmus.derive.plans import GENERAL
from isthmus.derive.routes import TableKey
from isthmus.derive.tables import Tables
from isthmus.derive.views import Audience, Member, RouterKey, Scope
from isthmus.derive.virtual_hosts import HostKey
from isthmus.derive.visibility import PUBLIC, Visible
from isthmus.model.resource import Resource
from isthmus.translate import names
from isthmus.translate.encoding import Bundle
from isthmus.translate.name_table import RESOURCE
from isthmus.translate.types import CLUSTER, ENDPOINT, LISTENER, NAME_TABLE, ROUTE, SECRET, VIRTUAL_HOST
from isthmus.translate.views import Place

Names = dict[str, set[str]]  # type URL → names
Concern = tuple[Audience, str, Iterable[str]]  # who, type URL, names
Rows = Mapping[Any, Change[Any]]
EVERY_NAME = "*"
ALL_TYPES = (CLUSTER, ENDPOINT, LISTENER, ROUTE, VIRTUAL_HOST, SECRET, NAME_TABLE)


class Changes:
    """Turns net changes of derived rows into names per proxy."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._lookup = Lookup(tables)
        self._audiences = tables.members.audiences
        self._left: frozenset[str] = frozenset()  # hostnames that somebody sees no more since this settlement
        self._concerns: Mapping[Collection[Any, Any], Callable[[Rows], Iterable[Concern]]] = {
            tables.policies.destinations: self._variants,
            tables.assignments.bundles: self._assignments,
            tables.clusters.services: self._clusters,
            tables.clusters.by_sni: self._sni_clusters,
            tables.clusters.sidecars: self._sidecar_clusters,
            tables.listeners.services: self._service_listeners,
            tables.listeners.ports: self._port_listeners,
            tables.listeners.catch_all: self._catch_all,
            tables.http_ports.uses: self._port_uses,
            tables.routes.tables: self._route_tables,
            tables.routes.sniffed: self._sniffed_routes,
            **dict.fromkeys(tables.single_hosts.rows, self._single_hosts),
            tables.names.tables: self._name_tables,
            tables.gateways.routers: self._routers,
            tables.visibility.scopes: self._scopes,
            tables.visibility.public: self._public,
        }

    def of(self, settlement: Settlement) -> Mapping[str, Names]:
        """Proxy id → type URL → names."""
        by_audience: dict[Audience, Names] = {}
        self._left = frozenset(self._hosts_left(settlement))
        for collection, rows in settlement.items():
            find = self._concerns.get(collection)
            for audience, type_url, found in find(rows) if find else ():
                by_audience.setdefault(audience, {}).setdefault(type_url, set()).update(found)
        result: dict[str, Names] = {}
        for audience, concerned in by_audience.items():
            if any(concerned.values()):
                members = self._tables.members.by_audience.rows(audience)
                result.update(dict.fromkeys((member.proxy for member in members), concerned))
        self._add_inbound(settlement, result)
        self._add_placed(settlement, result)
        self._add_secrets(settlement, result)
        self._add_moved(settlement, result)
        return result

    def everything(self) -> Mapping[str, Names]:
        """The same when it cannot be told what changed."""
        return {proxy: {type_url: {EVERY_NAME} for type_url in ALL_TYPES} for proxy in self._tables.members.members}

    def _add_inbound(self, settlement: Settlement, result: dict[str, Names]) -> None:
        tables = self._tables
        for view, change in settlement.get(tables.inbound, {}).items():
            if change.new is not None:
                self._add(result, tables.members.by_inbound.rows(view), LISTENER, {names.VIRTUAL_INBOUND})
        for view, change in settlement.get(tables.clusters.workloads, {}).items():
            if change.new is not None:
                self._add(result, tables.members.by_inbound.rows(view), CLUSTER, _differing(change))

    def _add_placed(self, settlement: Settlement, result: dict[str, Names]) -> None:
        key: AssignmentKey
        for key, change in settlement.get(self._tables.assignments.bundles, {}).items():
            if key.view.place == Place():
                continue  # told per audience
            members = self._tables.members.by_placed.rows(key.view)
            concerned = [one for one in members if self._gets(one.audience, key.hostname, key.variant)]
            if concerned:
                self._add(result, concerned, ENDPOINT, _differing(change))

    def _add_secrets(self, settlement: Settlement, result: dict[str, Names]) -> None:
        for key, change in settlement.get(self._tables.gateways.secrets, {}).items():
            members = (
                member
                for audience in self._audiences.by_cluster.rows(key.cluster)
                if not audience.sidecar and audience.scope.namespace == key.namespace
                for member in self._tables.members.by_audience.rows(audience)
            )
            self._add(result, members, SECRET, _differing(change))
        for key, change in settlement.get(self._tables.gateways.named_secrets, {}).items():
            granted = (
                member
                for audience in self._audiences.all.rows(ALL)
                if not audience.sidecar and key in self._tables.gateways.find(audience).granted.values()
                for member in self._tables.members.by_audience.rows(audience)
            )
            self._add(result, granted, SECRET, _differing(change))

    def _add_moved(self, settlement: Settlement, result: dict[str, Names]) -> None:
        """Proxies that changed their audience: nothing of what they had is certain.

        Unless only what is said of their own workload changed, which is a listener and clusters of their own, or
        whether they may read Secrets.
        """
        change: Change[Member]
        for proxy, change in settlement.get(self._tables.members.members, {}).items():
            old, new = change
            if old is None or new is None:
                continue
            if msgspec.structs.replace(old, inbound=new.inbound, reads_secrets=new.reads_secrets) == new:
                if old.inbound != new.inbound:
                    self._add(result, (new,), LISTENER, {names.VIRTUAL_INBOUND})
                    self._add(result, (new,), CLUSTER, self._own_clusters(settlement, old, new))
                if old.reads_secrets != new.reads_secrets:
                    self._add(result, (new,), SECRET, {EVERY_NAME})
            else:
                result[proxy] = {type_url: {EVERY_NAME} for type_url in ALL_TYPES}

    def _own_clusters(self, settlement: Settlement, old: Member, new: Member) -> set[str]:
        workloads = self._tables.clusters.workloads
        before: Change[Bundle] | None = settlement.get(workloads, {}).get(old.inbound)
        return _differing(Change(before.old if before else workloads.get(old.inbound), workloads.get(new.inbound)))

    @staticmethod
    def _add(result: dict[str, Names], members: Iterable[Member], type_url: str, found: set[str]) -> None:
        for member in members:
            own = {kind: set(have) for kind, have in result.get(member.proxy, {}).items()}
            own.setdefault(type_url, set()).update(found)
            result[member.proxy] = own

    def _hosts_left(self, settlement: Settlement) -> Iterable[str]:
        """What a removed service's rows were named is in their changes only, and nobody sees the service now."""
        for old, new in settlement.get(self._tables.visibility.public, {}).values():
            yield from (old or frozenset()) - (new or frozenset())
        for old, new in settlement.get(self._tables.visibility.scopes, {}).values():
            if old is not None:
                yield from old.hosts - (new.hosts if new is not None else frozenset())

    def _sees(self, audience: Audience, hostname: str) -> bool:
        """Whether an audience sees a hostname, or may have seen it before."""
        return hostname in self._left or self._tables.visibility.sees(audience.scope, hostname)

    def _sees_any(self, audience: Audience, hostnames: frozenset[str]) -> bool:
        seen = self._tables.visibility.sees_any(audience.scope, hostnames)
        return seen or not self._left.isdisjoint(hostnames)

    def _gets(self, audience: Audience, hostname: str, variant: str) -> bool:
        """Whether an audience has, or has just lost, a variant of a hostname's policies, and sees the hostname."""
        return _variant_of(audience, variant) and self._sees(audience, hostname)

    def _seeing(self, hostname: str) -> Iterable[Audience]:
        """Those that see a hostname, or may have seen it before. Costs nothing for those that do not."""
        if hostname in self._left:
            return self._audiences.all.rows(ALL)
        scopes = self._tables.visibility.seeing(hostname)
        return (audience for scope in scopes for audience in self._audiences.by_scope.rows(scope))

    def _variants(self, rows: Rows) -> Iterable[Concern]:
        """Clients that get another variant of a hostname's policies than before; the variants may be unchanged."""
        change: Change[DestinationPolicies]
        for hostname, change in rows.items():
            namespaces = _switched(change)
            for audience in self._audiences.all.rows(ALL) if namespaces else ():
                if audience.scope.namespace in namespaces and self._sees(audience, hostname):
                    names = self._lookup.names_in_variants(audience, hostname)
                    yield audience, CLUSTER, names
                    yield audience, ENDPOINT, names

    def _assignments(self, rows: Rows) -> Iterable[Concern]:
        key: AssignmentKey
        for key, change in rows.items():
            changed = _differing(change)
            for audience in self._seeing(key.hostname):
                if audience.endpoints == key.view and _variant_of(audience, key.variant):
                    yield audience, ENDPOINT, changed

    def _clusters(self, rows: Rows) -> Iterable[Concern]:
        key: ClusterKey
        for key, change in rows.items():
            changed = _differing(change)
            for audience in self._seeing(key.hostname):
                if audience.clusters == key.view and _variant_of(audience, key.variant):
                    yield audience, CLUSTER, changed

    def _sni_clusters(self, rows: Rows) -> Iterable[Concern]:
        for (hostname, variant), change in rows.items():
            changed = _differing(change)
            for audience in self._audiences.all.rows(ALL):
                if not audience.sidecar and self._gets(audience, hostname, variant):
                    yield audience, CLUSTER, changed

    def _sidecar_clusters(self, rows: Rows) -> Iterable[Concern]:
        for families, change in rows.items():
            for audience in self._audiences.by_families.rows(families):
                yield audience, CLUSTER, _differing(change)

    def _service_listeners(self, rows: Rows) -> Iterable[Concern]:
        key: ListenerKey
        change: Change[ServiceListeners]
        for key, change in rows.items():
            changed = _differing(Change(change.old and change.old.bundle, change.new and change.new.bundle))
            for audience in self._audiences.by_outbound.rows(key.view):
                if key.scope in (GENERAL, audience.scope) and self._sees(audience, key.hostname):
                    yield audience, LISTENER, changed

    def _port_listeners(self, rows: Rows) -> Iterable[Concern]:
        for (port, view), _ in rows.items():
            for audience in self._audiences.by_outbound.rows(view):
                yield audience, LISTENER, {names.listener(view.families.wildcard, port)}

    def _catch_all(self, rows: Rows) -> Iterable[Concern]:
        for view in rows:
            for audience in self._audiences.by_outbound.rows(view):
                yield audience, LISTENER, {names.VIRTUAL_OUTBOUND}

    def _port_uses(self, rows: Rows) -> Iterable[Concern]:
        """A port's listener is there for those who see one of its services, and goes with the last of them."""
        change: Change[PortUse]
        for port, change in rows.items():
            before, after = (use.hosts if use else frozenset() for use in change)
            for audience in self._audiences.all.rows(ALL):
                sees = partial(self._sees_any, audience)
                if audience.sidecar and (sees(after - before) or not sees(after)):
                    yield audience, LISTENER, {names.listener(audience.outbound.families.wildcard, port)}

    def _route_tables(self, rows: Rows) -> Iterable[Concern]:
        key: TableKey
        for key in rows:
            for audience in self._audiences.by_table.rows((key.scope, key.view)):
                yield audience, ROUTE, {str(key.port)}

    def _sniffed_routes(self, rows: Rows) -> Iterable[Concern]:
        for (hostname, view, scope), change in rows.items():
            for audience in self._audiences.by_routes.rows(view):
                if scope in (GENERAL, audience.scope) and self._sees(audience, hostname):
                    yield audience, ROUTE, _differing(change)

    def _single_hosts(self, rows: Rows) -> Iterable[Concern]:
        key: HostKey
        change: Change[Piece]
        for key, change in rows.items():
            piece = change.new or change.old
            if piece is None or not piece.alone:
                continue
            concerned = self._seeing(key.hostname) if piece.is_service else self._audiences.by_routes.rows(key.view)
            for audience in concerned:
                if audience.routes == key.view and key.scope in (GENERAL, audience.scope):
                    yield audience, VIRTUAL_HOST, {piece.name}

    def _name_tables(self, rows: Rows) -> Iterable[Concern]:
        for key in rows:
            for audience in self._audiences.by_name_table.rows(key):
                yield audience, NAME_TABLE, {RESOURCE}

    def _routers(self, rows: Rows) -> Iterable[Concern]:
        key: RouterKey
        for key, change in rows.items():
            old, new = change
            for audience in self._audiences.by_router.rows(key):
                yield audience, LISTENER, _differing(Change(old and old.listeners, new and new.listeners))
                yield audience, ROUTE, _differing(Change(old and old.routes, new and new.routes))

    def _scopes(self, rows: Rows) -> Iterable[Concern]:
        scope: Scope
        change: Change[Visible]
        public = self._tables.visibility.public.get(PUBLIC) or frozenset()
        for scope, change in rows.items():
            if change.old is None or change.new is None:
                continue
            before, after = (one.hosts | public if one.public_too else one.hosts for one in change if one)
            for audience in self._audiences.by_scope.rows(scope):
                yield from self._appeared(audience, before ^ after)
                if change.old.egress != change.new.egress:
                    yield audience, VIRTUAL_HOST, self._tables.single_hosts.names_of_others(audience)

    def _public(self, rows: Rows) -> Iterable[Concern]:
        for change in rows.values():
            moved = (change.old or frozenset()) ^ (change.new or frozenset())
            for audience in self._audiences.all.rows(ALL):
                visible = self._tables.visibility.scopes.get(audience.scope)
                if visible is not None and visible.public_too:
                    yield from self._appeared(audience, moved)

    def _appeared(self, audience: Audience, hostnames: Iterable[str]) -> Iterable[Concern]:
        """Services that came into view or left it, themselves unchanged perhaps."""
        for hostname in hostnames:
            for type_url, found in self._lookup.names_of(audience, hostname).items():
                yield audience, type_url, found


def _variant_of(audience: Audience, variant: str) -> bool:
    """Whether a variant of policies is one that clients of an audience's namespace may get."""
    return variant.partition("/")[0] in ("", audience.scope.namespace)


def _switched(change: Change[DestinationPolicies]) -> set[str]:
    """The namespaces in which a change of policies moves clients from one variant to another."""
    if change.old is None or change.new is None or change.old.choices == change.new.choices:
        return set()
    return {choice.partition("/")[0] for one in change if one for choice in one.choices}


def _differing(change: Change[Bundle]) -> set[str]:
    old: Mapping[str, Resource] = change.old or {}
    new: Mapping[str, Resource] = change.new or {}
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
