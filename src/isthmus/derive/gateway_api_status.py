"""What objects of the Gateway API are told about themselves: one more output, which feeds nothing back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from isthmus.api.config import Config
from isthmus.api.gateway_api.gateway_class import GatewayClass
from isthmus.collections import Collection, Context, Graph
from isthmus.derive.attached_routes import AttachedRoute
from isthmus.derive.domain import Domain
from isthmus.derive.gateway_api import Converted, OpenedGateway
from isthmus.model.service import ServiceKey
from isthmus.model.status import Status, StatusKey
from isthmus.translate.gateway_api import conditions, features, names
from isthmus.translate.gateway_api.conditions import Reached

Statuses = tuple[Collection[StatusKey, Status], ...]


def declare(graph: Graph, domain: Domain, converted: Converted) -> Statuses:
    """Declares the statuses of all kinds: each collection holds those of some of them."""

    def of_class(_: Context, name: str, row: Config[GatewayClass]) -> Mapping[StatusKey, Status]:
        controller = row.spec.controller_name
        if controller not in names.CONTROLLERS:
            return {}
        supported = features.SUPPORTED if controller == names.CONTROLLER else ()
        found = conditions.of_class(controller)
        return {StatusKey("GatewayClass", "", name): Status(row.generation, found, features=supported)}

    def of_gateway(ctx: Context, key: tuple[str, str], row: OpenedGateway) -> Mapping[StatusKey, Status]:
        routes = ctx.select(converted.routes_by_gateway, key)
        attached = {one.name: _count(routes, key, one.name) for one in row.listeners}
        reached = [*_reached(ctx, domain, row)]
        return {
            StatusKey("Gateway", *key): conditions.of_gateway(
                row.generation, row.asked, row.listeners, attached, reached
            )
        }

    def of_route(_: Context, key: StatusKey, row: AttachedRoute) -> Mapping[StatusKey, Status]:
        return {key: Status(row.generation, parents=row.parents)}

    return (
        graph.derive("statuses of classes", domain.gateway_api.classes, of_class),
        graph.derive("statuses of gateways", converted.opened, of_gateway),
        graph.derive("statuses of routes", converted.attached, of_route),
    )


def _count(routes: Iterable[AttachedRoute], gateway: tuple[str, str], listener: str) -> int:
    return sum(1 for route in routes if (gateway, listener) in route.listeners)


def _reached(ctx: Context, domain: Domain, row: OpenedGateway) -> Iterable[Reached]:
    """The services of a Gateway, as its own cluster has them."""
    for host in row.asked.services:
        name, namespace, *_ = host.split(".")
        found = ctx.get(domain.cluster_services, ServiceKey(row.cluster, namespace, name))
        yield Reached(host, found)
