"""Routers: which Gateways a gateway proxy carries, and which of its ports its Services lead to."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from isthmus.api.config import Config
from isthmus.api.gateway import Gateway
from isthmus.collections import Context
from isthmus.derive.domain import Domain
from isthmus.derive.inbound import target_port, workload_of
from isthmus.derive.policies import Policies
from isthmus.derive.usable import Usable
from isthmus.derive.views import Audience, GatewayView
from isthmus.model.proxy import Proxy
from isthmus.model.service import ClusterService
from isthmus.model.workload import Workload
from isthmus.translate.gateway_api.names import SERVICE

Item = tuple[str, str]
_EVERYBODY: Item = ("", "")


class Carried(msgspec.Struct, frozen=True):
    """What a router carries."""

    view: GatewayView
    by_sni: bool  # some server passes mesh mTLS on by SNI


def declare(domain: Domain, usable: Usable, policies: Policies) -> Callable[[Context, Proxy], Carried]:
    """The look-up of a router's view."""
    by_label = usable.gateways.index("selector", lambda gateway: (_first_item(gateway),))
    by_service = usable.converted.gateways.index("service", lambda row: row.annotations[SERVICE].split(","))

    def carried(ctx: Context, proxy: Proxy) -> Carried:
        workload = workload_of(ctx, domain, proxy)
        labels = {**(workload.labels if workload else {}), **proxy.labels}
        candidates = [
            gateway for item in (_EVERYBODY, *sorted(labels.items())) for gateway in ctx.select(by_label, item)
        ]
        gateways = [gateway for gateway in candidates if gateway.spec.selector.items() <= labels.items()]
        in_namespace = ctx.select(domain.cluster_services_by_namespace, (proxy.cluster, proxy.namespace))
        services = [one for one in in_namespace if one.selector and one.selector.items() <= labels.items()]
        bound = {row.key: row for one in services for row in ctx.select(by_service, one.hostname)}
        gateways += bound.values()
        gateways.sort(key=lambda gateway: gateway.age_key)
        targets = port_targets(services, workload)
        view = GatewayView(
            gateways=tuple(gateway.key for gateway in gateways),
            targets=targets,
            unprivileged=proxy.unprivileged,
            authorization=policies.authorization(ctx, proxy.namespace, labels),
            refused=_refused(proxy),
        )
        return Carried(view, any(_passes_by_sni(gateway) for gateway in gateways))

    return carried


def router_audience(audience: Audience, carried: Carried) -> Audience:
    """A router's audience: the gateways that it carries, and endpoints for SNI passthrough where it needs them."""
    return msgspec.structs.replace(
        audience,
        gateway=carried.view,
        endpoints=msgspec.structs.replace(audience.endpoints, by_sni=carried.by_sni),
    )


def reads_secrets(proxy: Proxy) -> bool:
    """Whether a proxy's service account is known to be allowed to list its namespace's Secrets where it runs."""
    access = proxy.secret_access
    return access is not None and access.allowed and access.cluster == proxy.cluster


def _refused(proxy: Proxy) -> str:
    access = proxy.secret_access
    return access.account if access and not access.allowed and access.cluster == proxy.cluster else ""


def port_targets(services: Iterable[ClusterService], workload: Workload | None) -> tuple[tuple[int, int], ...]:
    """Service port → container port, of the services that select a gateway's pod."""
    found: dict[int, int] = {}
    for service in sorted(services, key=lambda service: (service.created, service.key)):
        for port in service.ports:
            number = target_port(port, workload)
            if number:
                found.setdefault(port.number, number)
    return tuple(sorted(found.items()))


def _first_item(gateway: Config[Gateway]) -> Item:
    return min(gateway.spec.selector.items(), default=_EVERYBODY)


def _passes_by_sni(gateway: Config[Gateway]) -> bool:
    return any(server.tls and server.tls.mode == "AUTO_PASSTHROUGH" for server in gateway.spec.servers)
