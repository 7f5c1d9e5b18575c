"""From objects of the Gateway API to the mesh's own: which rows follow from which.

Each listener that can be opened becomes a Gateway, and for each of its hosts the routes that attach to it become
one VirtualService. They are translated as if a user had written them, and bind to the pods of the Gateway's Services
instead of a selector's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from isthmus.api.config import Config
from isthmus.api.gateway import Gateway as MeshGateway
from isthmus.api.gateway_api.gateway import Gateway
from isthmus.api.gateway_api.reference_grant import ReferenceGrant
from isthmus.api.virtual_service import VirtualService
from isthmus.collections import Collection, Context, Graph, Index
from isthmus.derive.attached_routes import AttachedRoute, Places, attached_route, merged
from isthmus.derive.domain import ConfigKey, Domain
from isthmus.model.proxy import CredentialKey
from isthmus.model.status import StatusKey
from isthmus.translate.gateway_api import certificates, names
from isthmus.translate.gateway_api.listeners import Opened, opened
from isthmus.translate.gateway_api.services import Asked, services_of


class OpenedGateway(msgspec.Struct, frozen=True):
    """A Gateway of one of the classes that are served here."""

    key: ConfigKey
    controller: str
    generation: int
    created: str
    cluster: str
    asked: Asked
    listeners: tuple[Opened, ...]


class Converted(msgspec.Struct, frozen=True):
    """Declared collections."""

    opened: Collection[ConfigKey, OpenedGateway]
    attached: Collection[StatusKey, AttachedRoute]
    routes_by_gateway: Index[ConfigKey, StatusKey, AttachedRoute]
    gateways: Collection[ConfigKey, Config[MeshGateway]]
    virtual_services: Collection[ConfigKey, Config[VirtualService]]


def declare(graph: Graph, domain: Domain, suffix: str) -> Converted:
    """Declares everything that follows from objects of the Gateway API. ``suffix`` ends the names of services."""
    grants = domain.gateway_api.grants.index("namespace", lambda grant: (grant.namespace,))
    gateways = _declare_opened(graph, domain, grants, suffix)
    attached = _declare_attached(graph, domain, gateways, grants, suffix)
    generated = graph.derive("generated Gateway", gateways, lambda _, key, row: dict(_generated(row)))
    by_place = attached.index("place", lambda row: row.places)
    return Converted(
        opened=gateways,
        attached=attached,
        routes_by_gateway=attached.index("parent gateway", lambda row: row.gateways),
        gateways=generated,
        virtual_services=graph.group("generated VirtualService", by_place, lambda _, place, rows: merged(place, rows)),
    )


def _declare_opened(
    graph: Graph, domain: Domain, grants: Index[str, ConfigKey, Config[ReferenceGrant]], suffix: str
) -> Collection[ConfigKey, OpenedGateway]:
    def derivation(ctx: Context, key: ConfigKey, gateway: Config[Gateway]) -> Mapping[ConfigKey, OpenedGateway]:
        controller = controller_of(ctx, domain, gateway.spec.gateway_class_name)
        if controller not in names.CONTROLLERS:
            return {}

        def has_certificate(namespace: str, name: str) -> bool:
            found = ctx.get(domain.credentials, CredentialKey(gateway.cluster, namespace, name))
            return found is not None and certificates.is_usable(found.certificate, found.private_key)

        return {
            key: OpenedGateway(
                key=key,
                controller=controller,
                generation=gateway.generation,
                created=gateway.created,
                cluster=gateway.cluster,
                asked=services_of(gateway, controller, suffix),
                listeners=opened(gateway, has_certificate, _grants_in(ctx, grants)),
            )
        }

    return graph.derive("opened gateways", domain.gateway_api.gateways, derivation)


def _declare_attached(
    graph: Graph,
    domain: Domain,
    gateways: Collection[ConfigKey, OpenedGateway],
    grants: Index[str, ConfigKey, Config[ReferenceGrant]],
    suffix: str,
) -> Collection[StatusKey, AttachedRoute]:
    objects = domain.gateway_api

    def derivation(ctx: Context, key: StatusKey, route: Config[Any]) -> Mapping[StatusKey, AttachedRoute]:
        def listeners_of(gateway: ConfigKey) -> tuple[str, tuple[Opened, ...]] | None:
            row = ctx.get(gateways, gateway)
            return None if row is None else (row.controller, row.listeners)

        def labels_of(namespace: str) -> Mapping[str, str]:
            found = ctx.get(objects.namespaces, (route.cluster, namespace))
            return found.metadata.labels if found else {}

        places = Places(
            listeners_of=listeners_of,
            labels_of=labels_of,
            exists=lambda host: ctx.get(domain.services, host) is not None,
            grants_in=_grants_in(ctx, grants),
            suffix=suffix,
        )
        row = attached_route(key, route, places)
        return {key: row} if row else {}

    return graph.derive("attached routes", objects.routes, derivation)


def controller_of(ctx: Context, domain: Domain, name: str) -> str:
    """The controller of a class; the built-in classes count before their objects are there."""
    found = ctx.get(domain.gateway_api.classes, name)
    return found.spec.controller_name if found else names.CLASSES.get(name, "")


def _grants_in(
    ctx: Context, grants: Index[str, ConfigKey, Config[ReferenceGrant]]
) -> Callable[[str], Iterable[Config[ReferenceGrant]]]:
    return lambda namespace: ctx.select(grants, namespace)


def _generated(row: OpenedGateway) -> Iterable[tuple[ConfigKey, Config[MeshGateway]]]:
    namespace, name = row.key
    for listener in row.listeners:
        if listener.server is None or not row.asked.services:
            continue
        key = (namespace, names.generated_gateway(name, listener.name))
        yield (
            key,
            Config(
                cluster=row.cluster,
                namespace=namespace,
                name=key[1],
                created=row.created,
                labels={},
                annotations={names.SERVICE: ",".join(row.asked.services)},
                spec=MeshGateway(servers=(listener.server,)),
            ),
        )
