"""Resources of one proxy, joined from the rows of its audience and its workload."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from isthmus.derive.clusters import ROUTER_CLUSTERS, ClusterKey
from isthmus.derive.listeners import ListenerKey, ServiceListeners
from isthmus.derive.routes import TableKey
from isthmus.derive.tables import Tables
from isthmus.derive.views import Audience, Member
from isthmus.model.resource import Resource
from isthmus.translate import names
from isthmus.translate.encoding import Bundle
from isthmus.translate.types import CLUSTER, ENDPOINT, LISTENER, NAME_TABLE, ROUTE, SECRET, VIRTUAL_HOST


class Lookup:
    """Look-ups by type: everything for a proxy, or one resource by name."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._all: Mapping[str, Callable[[Member], Bundle]] = {
            CLUSTER: self._clusters,
            ENDPOINT: self._endpoints,
            LISTENER: self._listeners,
            ROUTE: self._routes,
            VIRTUAL_HOST: lambda member: self._tables.single_hosts.all(member.audience),
            SECRET: self._secrets,
            NAME_TABLE: self._name_tables,
        }
        self._one: Mapping[str, Callable[[Member, str], Resource | None]] = {
            CLUSTER: self._cluster,
            ENDPOINT: self._endpoint,
            LISTENER: self._listener,
            ROUTE: self._route,
            VIRTUAL_HOST: lambda member, name: self._tables.single_hosts.one(member.audience, name),
            SECRET: self._secret,
            NAME_TABLE: lambda member, name: self._name_tables(member).get(name),
        }

    def all(self, member: Member, type_url: str) -> Bundle:
        """Everything of a type."""
        find = self._all.get(type_url)
        return find(member) if find else {}

    def one(self, member: Member, type_url: str, name: str) -> Resource | None:
        """One resource; None when the proxy has none of this name."""
        find = self._one.get(type_url)
        return find(member, name) if find else None

    def names_of(self, audience: Audience, hostname: str) -> Mapping[str, set[str]]:
        """The names of all resources that one service gives an audience, by type, whether or not it sees it."""
        clusters = {name for bundle in self._service_clusters(audience, hostname) for name in bundle}
        found = {CLUSTER: clusters, ENDPOINT: clusters}
        if audience.sidecar:
            listeners = self._tables.listeners.services.get(self._listener_key(audience, hostname))
            ports = [use.port for use in self._tables.http_ports.uses.values() if hostname in use.hosts]
            wildcard = audience.outbound.families.wildcard
            found[LISTENER] = {names.listener(wildcard, port) for port in ports}
            found[LISTENER].update(listeners.bundle if listeners else ())
            found[ROUTE] = set(self._sniffed(audience, hostname))
            if audience.routes.piecewise:
                found[VIRTUAL_HOST] = {names.virtual_host(hostname, port, piecewise=True) for port in ports}
        return found

    def _hosts(self, audience: Audience) -> Iterable[str]:
        return self._tables.visibility.hosts(audience.scope)

    def _sees(self, audience: Audience, hostname: str) -> bool:
        return self._tables.visibility.sees(audience.scope, hostname)

    def _fixed_clusters(self, member: Member) -> Iterable[Bundle]:
        tables, audience = self._tables, member.audience
        if not audience.sidecar:
            return (ROUTER_CLUSTERS,)
        special = tables.clusters.sidecars.get(audience.outbound.families) or {}
        return special, tables.clusters.workloads.get(member.inbound) or {}

    def names_in_variants(self, audience: Audience, hostname: str) -> set[str]:
        """The names of all clusters that an audience would get of a service, whatever policy applied to it."""
        policies = self._tables.policies.destinations.get(hostname)
        variants = policies.variants if policies else ()
        bundles = (bundle for variant in variants for bundle in self._variant_clusters(audience, hostname, variant))
        return {name for bundle in bundles for name in bundle}

    def _service_clusters(self, audience: Audience, hostname: str) -> Iterable[Bundle]:
        return self._variant_clusters(audience, hostname, self._tables.variant(audience, hostname))

    def _variant_clusters(self, audience: Audience, hostname: str, variant: str) -> Iterable[Bundle]:
        tables = self._tables.clusters
        yield tables.services.get(ClusterKey(hostname, variant, audience.clusters)) or {}
        if audience.endpoints.by_sni:
            yield tables.by_sni.get((hostname, variant)) or {}

    def _clusters(self, member: Member) -> Bundle:
        result: dict[str, Resource] = {}
        for hostname in self._hosts(member.audience):
            for bundle in self._service_clusters(member.audience, hostname):
                result.update(bundle)
        for bundle in self._fixed_clusters(member):
            result.update(bundle)
        return result

    def _cluster(self, member: Member, name: str) -> Resource | None:
        hostname = names.hostname_of(name)
        if not hostname:
            return _first(self._fixed_clusters(member), name)
        if not self._sees(member.audience, hostname):
            return None
        return _first(self._service_clusters(member.audience, hostname), name)

    def _assigned(self, member: Member, hostname: str) -> Bundle:
        return self._tables.assignments.find(member, hostname, self._tables.variant(member.audience, hostname))

    def _endpoints(self, member: Member) -> Bundle:
        result: dict[str, Resource] = {}
        for hostname in self._hosts(member.audience):
            result.update(self._assigned(member, hostname))
        return result

    def _endpoint(self, member: Member, name: str) -> Resource | None:
        hostname = names.hostname_of(name)
        if not hostname or not self._sees(member.audience, hostname):
            return None
        return self._assigned(member, hostname).get(name)

    def _listeners(self, member: Member) -> Bundle:
        audience = member.audience
        if not audience.sidecar:
            return self._tables.gateways.find(audience).listeners
        tables, view = self._tables.listeners, audience.outbound
        result: dict[str, Resource] = {}
        found = (tables.services.get(self._listener_key(audience, hostname)) for hostname in self._hosts(audience))
        for row in sorted((row for row in found if row), key=lambda row: (row.created, row.hostname)):
            for name, resource in row.bundle.items():
                result.setdefault(name, resource)
        for (port, of_view), resource in tables.ports.items():
            if of_view == view and self._speaks_http(audience, port):
                result[resource.name] = resource
        for name in (names.VIRTUAL_OUTBOUND, names.VIRTUAL_INBOUND):
            if own := self._listener(member, name):
                result[name] = own
        return {name: resource for name, resource in result.items() if not _own(member, name)}

    def _listener(self, member: Member, name: str) -> Resource | None:
        audience = member.audience
        if not audience.sidecar:
            return self._tables.gateways.find(audience).listeners.get(name)
        tables, view = self._tables.listeners, audience.outbound
        if name == names.VIRTUAL_OUTBOUND:
            return tables.catch_all.get(view)
        if name == names.VIRTUAL_INBOUND:
            return self._tables.inbound.get(member.inbound)
        address, _, port = name.rpartition("_")
        if address == view.families.wildcard and port.isdigit():
            return tables.ports.get((int(port), view)) if self._speaks_http(audience, int(port)) else None
        rows = (row for row in tables.by_name.rows((view, name)) if self._has(audience, row))
        oldest = min(rows, key=lambda row: (row.created, row.hostname), default=None)
        return None if oldest is None or _own(member, name) else oldest.bundle[name]

    def _listener_key(self, audience: Audience, hostname: str) -> ListenerKey:
        return ListenerKey(hostname, audience.outbound, self._tables.plans.scope(hostname, audience.scope))

    def _has(self, audience: Audience, row: ServiceListeners) -> bool:
        return row.scope == self._tables.plans.scope(row.hostname, audience.scope) and self._sees(
            audience, row.hostname
        )

    def _sniffed(self, audience: Audience, hostname: str) -> Bundle:
        scope = self._tables.plans.scope(hostname, audience.scope)
        return self._tables.routes.sniffed.get((hostname, audience.routes, scope)) or {}

    def _speaks_http(self, audience: Audience, port: int) -> bool:
        use = self._tables.http_ports.uses.get(port)
        return use is not None and self._tables.visibility.sees_any(audience.scope, use.hosts)

    def _routes(self, member: Member) -> Bundle:
        audience = member.audience
        if not audience.sidecar:
            return self._tables.gateways.find(audience).routes
        result: dict[str, Resource] = {}
        for hostname in self._hosts(audience):
            result.update(self._sniffed(audience, hostname))
        for port in self._tables.http_ports.uses:
            if table := self._route(member, str(port)):
                result[table.name] = table
        return result

    def _route(self, member: Member, name: str) -> Resource | None:
        audience = member.audience
        if not audience.sidecar:
            return self._tables.gateways.find(audience).routes.get(name)
        if name.isdigit():
            return self._tables.routes.tables.get(TableKey(audience.scope, audience.routes, int(name)))
        hostname = name.rpartition(":")[0]
        if not self._sees(audience, hostname):
            return None
        return self._sniffed(audience, hostname).get(name)

    def _name_tables(self, member: Member) -> Bundle:
        audience = member.audience
        found = self._tables.names.tables.get((audience.scope, audience.names)) if audience.dns else None
        return {found.name: found} if found else {}

    def _secrets(self, member: Member) -> Bundle:
        names = self._tables.gateways.find(member.audience).secrets
        return {name: found for name in sorted(names) if (found := self._secret(member, name))}

    def _secret(self, member: Member, name: str) -> Resource | None:
        """Keys go to gateways whose identity was proved.

        Istio's rule (pilot/pkg/xds/sds.go): a Gateway of the Gateway API may refer to a Secret of its namespace or
        to one that a ReferenceGrant opens; any other key comes from the gateway's own namespace and cluster, and
        only if its service account may list Secrets there. Roots are public within their namespace.
        """
        if member.audience.sidecar or not member.authenticated:
            return None
        gateways = self._tables.gateways
        if granted := gateways.granted(member.audience, name):
            return granted
        if member.reads_secrets:
            return gateways.secret(member.cluster, member.namespace, name)
        return gateways.roots(member.cluster, member.namespace, name)


def _own(member: Member, name: str) -> bool:
    """Whether a listener is for the proxy's own address: what its application sends there is not captured."""
    return name.rpartition("_")[0] in member.addresses


def _first(bundles: Iterable[Bundle], name: str) -> Resource | None:
    return next((bundle[name] for bundle in bundles if name in bundle), None)
