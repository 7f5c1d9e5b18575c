"""Which services a client may know of: what services export, narrowed by the client's Sidecar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from isthmus.collections import Collection, Context, Graph, Index
from isthmus.derive.audiences import Audiences
from isthmus.derive.domain import Domain
from isthmus.derive.views import Scope
from isthmus.model.service import Service
from isthmus.translate.gateways.hosts import covers

PUBLIC = "*"


class Export(msgspec.Struct, frozen=True):
    """Who may see a service."""

    hostname: str
    namespace: str
    to: tuple[str, ...]  # namespaces, or "*" alone; empty: nobody

    @property
    def public(self) -> bool:
        """Whether every namespace may."""
        return self.to == (PUBLIC,)


class Visible(msgspec.Struct, frozen=True):
    """The hostnames that a scope sees: ``hosts``, and all public ones too unless a Sidecar narrows them."""

    scope: Scope
    hosts: frozenset[str]
    public_too: bool
    egress: tuple[str, ...] = ()  # of the Sidecar

    def imports(self, client: str, namespace: str, hostname: str) -> bool:
        """Whether a host of a namespace, a service or not, is seen by clients of the namespace ``client``."""
        return self.public_too or any(_names(host, client, namespace, hostname) for host in self.egress)

    def namespaces(self, client: str) -> tuple[str, ...] | None:
        """The namespaces whose hosts clients of the namespace ``client`` may see; None for all."""
        named = dict.fromkeys(host.partition("/")[0] for host in self.egress)
        if self.public_too or "*" in named:
            return None
        return tuple(client if name == "." else name for name in named if name != "~")


class Visibility(msgspec.Struct, frozen=True):
    """Declared collections of visibility."""

    exports: Collection[str, Export]  # by hostname
    public: Collection[str, frozenset[str]]  # one row, key PUBLIC
    scopes: Collection[Scope, Visible]
    by_host: Index[str, Scope, Visible]  # under the hosts that a scope sees besides public ones
    by_public: Index[bool, Scope, Visible]  # under True: scopes that see all public ones

    def hosts(self, scope: Scope) -> frozenset[str]:
        """Everything that a scope sees."""
        visible = self.scopes.get(scope) or Visible(scope, frozenset(), public_too=False)
        return visible.hosts | (self.public.get(PUBLIC) or frozenset()) if visible.public_too else visible.hosts

    def seeing(self, hostname: str) -> Iterable[Scope]:
        """The scopes that see a hostname, each once."""
        public = hostname in (self.public.get(PUBLIC) or ())
        yield from (row.scope for row in self.by_host.rows(hostname) if not (public and row.public_too))
        if public:
            yield from (row.scope for row in self.by_public.rows(True))

    def sees(self, scope: Scope, hostname: str) -> bool:
        """Whether a scope sees a hostname."""
        visible = self.scopes.get(scope)
        if visible is None:
            return False
        return hostname in visible.hosts or (visible.public_too and hostname in (self.public.get(PUBLIC) or ()))

    def sees_any(self, scope: Scope, hostnames: frozenset[str]) -> bool:
        """Whether a scope sees one of some hostnames. Costs no more than the smaller of both sets."""
        visible = self.scopes.get(scope)
        if visible is None:
            return False
        public = self.public.get(PUBLIC) if visible.public_too else None
        return not (hostnames.isdisjoint(visible.hosts) and hostnames.isdisjoint(public or ()))


def declare(graph: Graph, domain: Domain, audiences: Audiences) -> Visibility:
    """Declares what is exported and what each scope sees."""
    exports = graph.derive("exports", domain.services, _export)
    by_client = exports.index("client", lambda export: export.to)
    by_namespace = exports.index("client and namespace", lambda one: [(client, one.namespace) for client in one.to])
    public = graph.group(
        "public hosts",
        by_client,
        lambda _, client, rows: {client: frozenset(row.hostname for row in rows)} if client == PUBLIC else {},
    )

    def derivation(ctx: Context, scope: Scope) -> Mapping[Scope, Visible]:
        namespace, _slash, name = scope.sidecar.partition("/")
        sidecar = ctx.get(domain.sidecars, (namespace, name)) if name else None
        if sidecar is None or not sidecar.spec.egress:
            own = ctx.select(by_client, scope.namespace)
            return {scope: Visible(scope, frozenset(export.hostname for export in own), public_too=True)}
        hosts = tuple(dict.fromkeys(host for listener in sidecar.spec.egress for host in listener.hosts))
        visible = Visible(scope, frozenset(), public_too=False, egress=hosts)
        exported = exported_by(ctx, scope.namespace, visible.namespaces(scope.namespace))
        found = (one.hostname for one in exported if visible.imports(scope.namespace, one.namespace, one.hostname))
        return {scope: msgspec.structs.replace(visible, hosts=frozenset(found))}

    def exported_by(ctx: Context, client: str, namespaces: tuple[str, ...] | None) -> Iterable[Export]:
        for to in (client, PUBLIC):
            if namespaces is None:
                yield from ctx.select(by_client, to)
            for namespace in namespaces or ():
                yield from ctx.select(by_namespace, (to, namespace))

    scopes = graph.distinct("scopes", audiences.by_scope, derivation)
    return Visibility(
        exports,
        public,
        scopes,
        by_host=scopes.index("host", lambda row: row.hosts),
        by_public=scopes.index("public", lambda row: [True] if row.public_too else []),
    )


def _names(host: str, client: str, namespace: str, hostname: str) -> bool:
    where, _, name = host.partition("/")
    if where == "~" or not name:
        return False
    if where not in ("*", namespace) and not (where == "." and client == namespace):
        return False
    return covers(name, hostname)


def _export(_: Context, hostname: str, service: Service) -> Mapping[str, Export]:
    to = service.export_to or (PUBLIC,)
    if PUBLIC in to:
        return {hostname: Export(hostname, service.namespace, (PUBLIC,))}
    named = {service.namespace if name == "." else name for name in to} - {"~"}
    return {hostname: Export(hostname, service.namespace, tuple(sorted(named)))}
