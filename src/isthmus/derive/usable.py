"""Objects of users as translation takes them: without their broken parts, which become problem rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from isthmus.api.config import Config, Problems
from isthmus.api.destination_rule import DestinationRule
from isthmus.api.gateway import Gateway
from isthmus.api.virtual_service import VirtualService
from isthmus.collections import Collection, Context, Graph
from isthmus.derive.domain import ConfigKey, Domain
from isthmus.translate.validity import destination_rule, gateway, virtual_service

S = TypeVar("S", Gateway, VirtualService, DestinationRule)


class Usable(msgspec.Struct, frozen=True):
    """Declared collections: objects without broken parts, and the problems of each kind."""

    gateways: Collection[ConfigKey, Config[Gateway]]
    virtual_services: Collection[ConfigKey, Config[VirtualService]]
    destination_rules: Collection[ConfigKey, Config[DestinationRule]]
    problems: Mapping[str, Collection[ConfigKey, Problems]]  # by kind


def declare(graph: Graph, domain: Domain) -> Usable:
    """Declares usable objects of all kinds that can be broken."""
    gateways = _cleaned(graph, "Gateway", domain.gateways, gateway.usable)
    routes = _cleaned(graph, "VirtualService", domain.virtual_services, virtual_service.usable)
    rules = _cleaned(graph, "DestinationRule", domain.destination_rules, destination_rule.usable)
    return Usable(
        gateways=gateways[0],
        virtual_services=routes[0],
        destination_rules=rules[0],
        problems={"Gateway": gateways[1], "VirtualService": routes[1], "DestinationRule": rules[1]},
    )


def _cleaned(
    graph: Graph, kind: str, objects: Collection[ConfigKey, Config[S]], clean: Callable[[S], tuple[S, Problems]]
) -> tuple[Collection[ConfigKey, Config[S]], Collection[ConfigKey, Problems]]:
    def usable(_: Context, key: ConfigKey, config: Config[S]) -> Mapping[ConfigKey, Config[S]]:
        return {key: msgspec.structs.replace(config, spec=clean(config.spec)[0])}

    def problems(_: Context, key: ConfigKey, config: Config[S]) -> Mapping[ConfigKey, Any]:
        found = clean(config.spec)[1]
        return {key: found} if found else {}

    return graph.derive(f"usable {kind}", objects, usable), graph.derive(f"broken {kind}", objects, problems)
