"""Objects of users as translation takes them: without their broken parts, which become problem rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from isthmus.api.config import Config, Problems
from isthmus.api.destination_rule import DestinationRule
from isthmus.api.gateway import Gateway
from isthmus.api.http_route import HttpRoute
from isthmus.api.virtual_service import VirtualService
from isthmus.collections import Collection, Context, Graph
from isthmus.derive import gateway_api
from isthmus.derive.domain import ConfigKey, Domain
from isthmus.translate.routes import delegation
from isthmus.translate.validity import destination_rule, gateway, virtual_service

VirtualServices = Collection[ConfigKey, Config[VirtualService]]
S = TypeVar("S", Gateway, VirtualService, DestinationRule)


class Usable(msgspec.Struct, frozen=True):
    """Declared collections: objects without broken parts, and the problems of each kind."""

    gateways: Collection[ConfigKey, Config[Gateway]]
    virtual_services: Collection[ConfigKey, Config[VirtualService]]
    destination_rules: Collection[ConfigKey, Config[DestinationRule]]
    problems: Mapping[str, Collection[ConfigKey, Problems]]  # by kind
    converted: gateway_api.Converted  # from the Gateway API


def declare(graph: Graph, domain: Domain, suffix: str) -> Usable:
    """Declares usable objects of all kinds that can be broken. ``suffix`` completes short names of services."""
    gateways = _cleaned(graph, "Gateway", domain.gateways, gateway.usable)
    routes = _cleaned(graph, "VirtualService", domain.virtual_services, virtual_service.usable)
    rules = _cleaned(graph, "DestinationRule", domain.destination_rules, destination_rule.usable)
    return Usable(
        gateways=gateways[0],
        virtual_services=_continued(graph, routes[0], suffix),
        destination_rules=rules[0],
        problems={"Gateway": gateways[1], "VirtualService": routes[1], "DestinationRule": rules[1]},
        converted=gateway_api.declare(graph, domain, suffix),
    )


def _continued(graph: Graph, roots: VirtualServices, suffix: str) -> VirtualServices:
    """VirtualServices with the routes of their delegates in place of the routes that name them."""

    def derivation(
        ctx: Context, key: ConfigKey, config: Config[VirtualService]
    ) -> Mapping[ConfigKey, Config[VirtualService]]:
        routes: list[HttpRoute] = []
        for route in config.spec.http:
            if route.delegate is None:
                routes.append(route)
                continue
            namespace = route.delegate.namespace or config.namespace
            leaf = ctx.get(roots, (namespace, route.delegate.name))
            routes += delegation.continued(route, _leaves(leaf, suffix)) if leaf else ()
        return {key: msgspec.structs.replace(config, spec=msgspec.structs.replace(config.spec, http=tuple(routes)))}

    return graph.derive("continued VirtualService", roots, derivation)


def _leaves(config: Config[VirtualService], suffix: str) -> Iterable[HttpRoute]:
    """The routes of a delegate; a delegate of a delegate is not followed (Istio)."""

    def qualify(host: str) -> str:
        return host if "." in host else f"{host}.{config.namespace}.{suffix}"

    return (delegation.qualified(route, qualify) for route in config.spec.http if route.delegate is None)


def _cleaned(
    graph: Graph, kind: str, objects: Collection[ConfigKey, Config[S]], clean: Callable[[S], tuple[S, Problems]]
) -> tuple[Collection[ConfigKey, Config[S]], Collection[ConfigKey, Problems]]:
    def usable(_: Context, key: ConfigKey, config: Config[S]) -> Mapping[ConfigKey, Config[S]]:
        return {key: msgspec.structs.replace(config, spec=clean(config.spec)[0])}

    def problems(_: Context, key: ConfigKey, config: Config[S]) -> Mapping[ConfigKey, Any]:
        found = clean(config.spec)[1]
        return {key: found} if found else {}

    return graph.derive(f"usable {kind}", objects, usable), graph.derive(f"broken {kind}", objects, problems)
