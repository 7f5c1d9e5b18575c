"""Routers' listeners and routes from the Gateways that they carry."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from isthmus.api.config import Config
from isthmus.api.gateway import Gateway, Server
from isthmus.collections import Collection, Context, Graph
from isthmus.derive.audiences import Audiences
from isthmus.derive.mesh import mesh_config
from isthmus.derive.policies import DestinationPolicies
from isthmus.derive.upstreams import Upstreams
from isthmus.derive.views import Audience, RouterKey
from isthmus.derive.visibility import PUBLIC, Visibility
from isthmus.model.resource import Resource
from isthmus.translate import names
from isthmus.translate.encoding import Bundle, Part
from isthmus.translate.gateways import sni
from isthmus.translate.gateways.hosts import ServerHost

Variant = tuple[str, str]  # hostname, variant of its policies


class RouterResources(msgspec.Struct, frozen=True):
    """Everything that comes from Gateways."""

    listeners: Bundle
    routes: Bundle


class Gateways(msgspec.Struct, frozen=True):
    """Declared collections of gateways."""

    routers: Collection[RouterKey, RouterResources]

    def find(self, audience: Audience) -> RouterResources:
        """The resources of a router's audience."""
        return self.routers.get(audience.router) or RouterResources({}, {})


def declare(graph: Graph, upstreams: Upstreams, audiences: Audiences, visibility: Visibility) -> Gateways:
    """Declares the resources of all routers."""
    domain = upstreams.domain

    def chains(
        ctx: Context, hostname: str, policies: DestinationPolicies
    ) -> Mapping[tuple[str, str], tuple[Part, ...]]:
        mesh = mesh_config(ctx, domain)
        found = {variant: upstreams.upstream(ctx, hostname, variant) for variant in policies.variants}
        return {(hostname, variant): sni.chains(one, mesh) for variant, one in found.items() if one}

    sni_chains = graph.derive("sni chains", upstreams.policies.destinations, chains)

    def router(ctx: Context, key: RouterKey, _: object) -> Mapping[RouterKey, RouterResources]:
        mesh = mesh_config(ctx, domain)
        listeners: dict[str, Resource] = {}
        for gateway_key in key.gateway.gateways:
            gateway = ctx.get(domain.gateways, gateway_key)
            for server in gateway.spec.servers if gateway else ():
                if gateway and server.tls and server.tls.mode == "AUTO_PASSTHROUGH":
                    port = dict(key.gateway.targets).get(server.port.number, server.port.number)
                    name = names.listener(key.families.wildcard, port)
                    found = passed(ctx, key, gateway, server)
                    listeners[name] = sni.listener(name, sni.wildcard_addresses(key.families, port), found, mesh)
        return {key: RouterResources(listeners, {})}

    def passed(ctx: Context, key: RouterKey, gateway: Config[Gateway], server: Server) -> list[Part]:
        hosts = [ServerHost.parse(host) for host in server.hosts]
        visible = ctx.get(visibility.scopes, key.scope)
        public = ctx.get(visibility.public, PUBLIC) or frozenset()
        seen = (visible.hosts if visible else frozenset()) | public
        result: list[Part] = []
        for hostname in sorted(seen):
            if not any(host.covers(hostname) for host in hosts):
                continue
            policies = ctx.get(upstreams.policies.destinations, hostname)
            if policies is not None:
                chains = ctx.get(sni_chains, (hostname, policies.variant(key.scope)))
                result += chains or ()
        return result

    return Gateways(graph.group("routers", audiences.by_router, router))
