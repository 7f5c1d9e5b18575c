"""Routers' listeners, routes and secrets, from the Gateways that they carry."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

import msgspec

from isthmus.api.config import Config, Problem
from isthmus.api.gateway import Gateway
from isthmus.api.virtual_service import VirtualService
from isthmus.collections import Collection, Context, Graph, Index
from isthmus.derive.audiences import Audiences
from isthmus.derive.destination_policies import DestinationPolicies
from isthmus.derive.domain import ConfigKey
from isthmus.derive.mesh import mesh_config
from isthmus.derive.plans import exported_to
from isthmus.derive.views import Audience, RouterKey
from isthmus.derive.virtual_hosts import Sources
from isthmus.derive.visibility import PUBLIC
from isthmus.model.proxy import CredentialKey
from isthmus.model.resource import Resource
from isthmus.translate.client_tls import CA_SUFFIX, CREDENTIAL, secret_name
from isthmus.translate.encoding import Bundle, Part
from isthmus.translate.gateway_api import names
from isthmus.translate.gateways import chains, http_routes, listeners, secrets, sni
from isthmus.translate.gateways.binding import Routing
from isthmus.translate.gateways.hosts import ServerHost
from isthmus.translate.gateways.servers import Bound, Opening, Openings, openings
from isthmus.translate.gateways.tls_context import credentials, root_credential

Variant = tuple[str, str]  # hostname, variant of its policies
_CREDENTIAL_FIELD = "tls.credentialName"
_ByGateway = Index[str, ConfigKey, Config[VirtualService]]
GatewayProblems = tuple[tuple[ConfigKey, Problem], ...]


class RouterResources(msgspec.Struct, frozen=True):
    """Everything that comes from Gateways.

    ``secrets``: names of the secret resources that are asked for. ``granted``: where those are that a Gateway of the
    Gateway API may take from any namespace of the configuration cluster.
    """

    listeners: Bundle = {}
    routes: Bundle = {}
    secrets: frozenset[str] = frozenset()
    granted: Mapping[str, CredentialKey] = {}
    problems: GatewayProblems = ()
    gateways: tuple[ConfigKey, ...] = ()


class Gateways(msgspec.Struct, frozen=True):
    """Declared collections of gateways."""

    routers: Collection[RouterKey, RouterResources]
    secrets: Collection[CredentialKey, Bundle]
    named_secrets: Collection[CredentialKey, Bundle]  # under names that tell the namespace

    def find(self, audience: Audience) -> RouterResources:
        """The resources of a router's audience."""
        return self.routers.get(audience.router) or RouterResources()

    def granted(self, audience: Audience, name: str) -> Resource | None:
        """A secret resource that a router's Gateways refer to by namespace."""
        key = self.find(audience).granted.get(name)
        return (self.named_secrets.get(key) or {}).get(name) if key else None

    def secret(self, cluster: str, namespace: str, name: str) -> Resource | None:
        """A secret resource of a namespace; roots may be in a Secret of their own or with the certificate."""
        base = name.removeprefix(CREDENTIAL)
        for owner in dict.fromkeys((base, base.removesuffix(CA_SUFFIX))):
            found = (self.secrets.get(CredentialKey(cluster, namespace, owner)) or {}).get(name)
            if found is not None:
                return found
        return None

    def roots(self, cluster: str, namespace: str, name: str) -> Resource | None:
        """The same, if it is one of roots, which are no secret."""
        return self.secret(cluster, namespace, name) if name.endswith(CA_SUFFIX) else None


def declare(graph: Graph, sources: Sources, audiences: Audiences) -> Gateways:
    """Declares the resources of all routers."""
    domain = sources.domain
    router = _Router(sources, _declare_chains(graph, sources), _by_gateway(sources))
    return Gateways(
        routers=graph.distinct("routers", audiences.by_router, lambda ctx, key: {key: router.resources(ctx, key)}),
        secrets=graph.derive("secrets", domain.credentials, lambda _, key, row: {key: secrets.secrets(row)}),
        named_secrets=graph.derive("named secrets", domain.credentials, lambda _, key, row: {key: secrets.named(row)}),
    )


def _declare_chains(graph: Graph, sources: Sources) -> Collection[Variant, tuple[Part, ...]]:
    upstreams = sources.hosts.upstreams

    def derivation(ctx: Context, hostname: str, policies: DestinationPolicies) -> Mapping[Variant, tuple[Part, ...]]:
        mesh = mesh_config(ctx, sources.domain)
        found = {variant: upstreams.plain(ctx, hostname, variant) for variant in policies.variants}
        return {(hostname, variant): sni.chains(one, mesh) for variant, one in found.items() if one}

    return graph.derive("sni chains", upstreams.policies.destinations, derivation)


def _by_gateway(sources: Sources) -> tuple[_ByGateway, ...]:
    """VirtualServices by the Gateways that they name: those of users, and those that stand for other routes."""

    def named(service: Config[VirtualService]) -> list[str]:
        return [name if "/" in name else f"{service.namespace}/{name}" for name in service.spec.gateways]

    usable = sources.usable
    return tuple(one.index("gateway", named) for one in (usable.virtual_services, usable.converted.virtual_services))


class _Router:
    """The derivation of one router's resources."""

    def __init__(
        self,
        sources: Sources,
        sni_chains: Collection[Variant, tuple[Part, ...]],
        by_gateway: tuple[_ByGateway, ...],
    ) -> None:
        self._sources = sources
        self._sni_chains = sni_chains
        self._by_gateway = by_gateway

    def resources(self, ctx: Context, key: RouterKey) -> RouterResources:
        usable = self._sources.usable
        found = [
            ctx.get(usable.gateways, one) or ctx.get(usable.converted.gateways, one) for one in key.gateway.gateways
        ]
        gateways = [gateway for gateway in found if gateway]
        opened = openings(gateways, dict(key.gateway.targets), unprivileged=key.gateway.unprivileged)
        missing = [*self._missing(ctx, key, opened)]
        ports = _without(opened, {(owner, problem.path) for owner, problem in missing})
        routing = self._routing(ctx, key, gateways)
        mesh = mesh_config(ctx, self._sources.domain)
        built = (listeners.listener(port, key.families, self._chains(ctx, key, port, routing), mesh) for port in ports)
        tables = (table for port in ports for table in http_routes.route_tables(port, routing))
        servers = [server for port in ports for server in port.servers]
        return RouterResources(
            listeners={one.name: one for one in built if one},
            routes={table.name: table for table in tables},
            secrets=frozenset(name for server in servers for name in _secret_names(server)),
            granted=dict(_granted(gateways)),
            gateways=key.gateway.gateways,
            problems=(*opened.problems, *missing),
        )

    def _routing(self, ctx: Context, key: RouterKey, gateways: Iterable[Config[Gateway]]) -> Routing:
        namespace = key.scope.namespace
        carried = ("/".join(gateway.key) for gateway in gateways)
        mesh = mesh_config(ctx, self._sources.domain)
        found = (one for name in carried for index in self._by_gateway for one in ctx.select(index, name))
        services = {one.key: one for one in found}
        visible = (one for one in services.values() if {PUBLIC, namespace}.intersection(exported_to(one, mesh)))
        return Routing(
            services=tuple(sorted(visible, key=lambda one: one.age_key)),
            find=lambda own: self._sources.hosts.find(ctx, own, key.scope),
            mesh=mesh,
            authorization=key.gateway.authorization,
        )

    def _chains(self, ctx: Context, key: RouterKey, port: Opening, routing: Routing) -> Iterable[Part]:
        yield from chains.chains(port, routing, http10=key.http10)
        hosts = [ServerHost.parse(text) for server in port.servers if _by_sni(server) for text in server.server.hosts]
        for hostname in self._visible(ctx, key) if hosts else ():
            if any(host.covers(hostname) for host in hosts):
                yield from self._passed(ctx, key, hostname)

    def _visible(self, ctx: Context, key: RouterKey) -> list[str]:
        visibility = self._sources.visibility
        visible = ctx.get(visibility.scopes, key.scope)
        public = ctx.get(visibility.public, PUBLIC) or frozenset()
        return sorted((visible.hosts if visible else frozenset()) | public)

    def _passed(self, ctx: Context, key: RouterKey, hostname: str) -> Iterable[Part]:
        policies = ctx.get(self._sources.hosts.upstreams.policies.destinations, hostname)
        variant = policies.variant(key.scope) if policies else ""
        first = key.gateway.authorization.network_filters()
        if not first:
            return ctx.get(self._sni_chains, (hostname, variant)) or ()
        upstream = self._sources.hosts.upstreams.plain(ctx, hostname, variant)
        return sni.chains(upstream, mesh_config(ctx, self._sources.domain), first) if upstream else ()

    def _missing(self, ctx: Context, key: RouterKey, opened: Openings) -> Iterable[tuple[ConfigKey, Problem]]:
        """Servers whose Secret never comes: a listener that waited for it would hold up all of its servers."""
        for bound in (server for port in opened.ports for server in port.servers):
            wanted = credentials(bound.server.tls) if bound.server.tls else ()
            # Those of the Gateway API were looked up before the server was made.
            for name in (one for one in wanted if not one.startswith(names.CREDENTIAL)):
                place = CredentialKey(key.cluster, key.scope.namespace, name)
                if ctx.get(self._sources.domain.credentials, place) is None:
                    lack = f"there is no Secret {name} in {_where(key)}"
                elif key.gateway.refused:
                    lack = _refusal(key)
                else:
                    continue
                yield bound.gateway, bound.problem(_CREDENTIAL_FIELD, f"the server is left out: {lack}")


def _where(key: RouterKey) -> str:
    return f"namespace {key.scope.namespace} of cluster {key.cluster}, where the gateway runs"


def _refusal(key: RouterKey) -> str:
    return (
        f"service account {key.gateway.refused} may not list Secrets in {_where(key)}; "
        f"give it a Role there with get, watch and list of secrets"
    )


def _without(opened: Openings, left_out: Container[tuple[ConfigKey, str]]) -> list[Opening]:
    ports = (
        msgspec.structs.replace(
            port,
            servers=tuple(one for one in port.servers if (one.gateway, one.path(_CREDENTIAL_FIELD)) not in left_out),
        )
        for port in opened.ports
    )
    return [port for port in ports if port.servers]


def _granted(gateways: Iterable[Config[Gateway]]) -> Iterable[tuple[str, CredentialKey]]:
    for gateway in gateways:
        for settings in (server.tls for server in gateway.spec.servers if server.tls):
            for name in credentials(settings):
                if name.startswith(names.CREDENTIAL):
                    key = CredentialKey(gateway.cluster, *name.removeprefix(names.CREDENTIAL).split("/"))
                    yield name, key
                    yield f"{name}{CA_SUFFIX}", key


def _by_sni(bound: Bound) -> bool:
    return bound.server.tls is not None and bound.server.tls.mode == "AUTO_PASSTHROUGH"


def _secret_names(bound: Bound) -> Iterable[str]:
    settings = bound.server.tls
    if settings is None:
        return
    yield from (secret_name(name) for name in credentials(settings))
    if settings.mode in ("MUTUAL", "OPTIONAL_MUTUAL") and (root := root_credential(settings)):
        yield root
