"""Connected proxies: which views each of them has."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from isthmus.api.config import Config
from isthmus.api.mesh_config import MeshConfig
from isthmus.api.sidecar import Sidecar
from isthmus.collections import Collection, Context, Graph, Index
from isthmus.derive import inbound, routers
from isthmus.derive.audiences import Audiences, indexed
from isthmus.derive.domain import Domain
from isthmus.derive.mesh import mesh_config
from isthmus.derive.policies import Policies
from isthmus.derive.relevant import RelevantLabels
from isthmus.derive.usable import Usable
from isthmus.derive.views import Audience, Member, Scope
from isthmus.model.proxy import Proxy, ProxyKind
from isthmus.translate.inbound import InboundView
from isthmus.translate.views import ClusterView, EndpointView, Families, NameView, OutboundView, Place, RouteView


class Members(msgspec.Struct, frozen=True):
    """Declared collections of proxies and audiences."""

    members: Collection[str, Member]
    by_audience: Index[Audience, str, Member]
    by_inbound: Index[InboundView, str, Member]
    by_placed: Index[EndpointView, str, Member]
    audiences: Audiences


def declare(
    graph: Graph, domain: Domain, usable: Usable, policies: Policies, relevant: Collection[str, RelevantLabels]
) -> Members:
    """Declares members and the audiences that they form."""
    sidecars = domain.sidecars.index("namespace", lambda sidecar: (sidecar.namespace,))
    workload_ports = inbound.declare(domain, policies)
    matching = routers.declare(domain, usable, policies)

    def derivation(ctx: Context, key: str, proxy: Proxy) -> Mapping[str, Member]:
        mesh = mesh_config(ctx, domain)
        labels = ctx.get(relevant, "") or RelevantLabels()
        if proxy.kind is ProxyKind.SIDECAR:
            candidates = (*ctx.select(sidecars, proxy.namespace), *ctx.select(sidecars, mesh.root_namespace))
            sidecar = applying(candidates, proxy, mesh.root_namespace)
            audience = _audience(proxy, sidecar, mesh, labels)
            view = workload_ports(ctx, proxy)
        else:
            audience = routers.router_audience(_audience(proxy, None, mesh, labels), matching(ctx, proxy))
            view = inbound.NOTHING
        member = Member(
            proxy=key,
            audience=audience,
            placed=_placed(audience.endpoints, proxy, labels),
            inbound=view,
            addresses=proxy.addresses,
            cluster=proxy.cluster,
            namespace=proxy.namespace,
            authenticated=proxy.authenticated,
            reads_secrets=proxy.authenticated and routers.reads_secrets(proxy),
        )
        return {key: member}

    members = graph.derive("members", domain.proxies, derivation)
    by_audience = members.index("audience", lambda member: (member.audience,))
    audiences = graph.distinct("audiences", by_audience, lambda _, audience: {audience: audience})
    return Members(
        members=members,
        by_audience=by_audience,
        by_inbound=members.index("inbound", lambda member: (member.inbound,) if member.audience.sidecar else ()),
        by_placed=members.index("placed", lambda member: (member.placed,)),
        audiences=indexed(audiences),
    )


def applying(sidecars: tuple[Config[Sidecar], ...], proxy: Proxy, root: str) -> Config[Sidecar] | None:
    """The Sidecar for a proxy: by its labels, else its namespace's, else the mesh's; the oldest of each."""
    ordered = sorted(sidecars, key=lambda sidecar: sidecar.age_key)
    own = [sidecar for sidecar in ordered if sidecar.namespace == proxy.namespace]
    selected = (one for one in own if one.spec.workload_selector and one.spec.workload_selector.selects(proxy.labels))
    general = (one for one in own if not one.spec.workload_selector)
    mesh_wide = (one for one in ordered if one.namespace == root and not one.spec.workload_selector)
    return next(selected, None) or next(general, None) or next(mesh_wide, None)


def _audience(proxy: Proxy, sidecar: Config[Sidecar] | None, mesh: MeshConfig, relevant: RelevantLabels) -> Audience:
    families = Families.of(proxy.addresses)
    allow_any = _allow_any(sidecar, mesh)
    endpoints = EndpointView(proxy.cluster, proxy.network, proxy.requested_networks, families)
    is_sidecar = proxy.kind is ProxyKind.SIDECAR
    return Audience(
        sidecar=is_sidecar,
        scope=Scope(
            proxy.namespace,
            f"{sidecar.namespace}/{sidecar.name}" if sidecar else "",
            _chosen(proxy, relevant.routing),
        ),
        endpoints=endpoints,
        clusters=ClusterView(is_sidecar, proxy.network),
        outbound=OutboundView(
            proxy.cluster, proxy.network, families, proxy.interception == "TPROXY", allow_any, proxy.http10
        ),
        routes=RouteView(proxy.cluster, families, allow_any, proxy.virtual_host_discovery and is_sidecar),
        names=NameView(proxy.cluster, proxy.network),
        dns=proxy.dns_capture,
    )


def _placed(endpoints: EndpointView, proxy: Proxy, relevant: RelevantLabels) -> EndpointView:
    place = Place(proxy.locality, proxy.node, _chosen(proxy, relevant.placing))
    return msgspec.structs.replace(endpoints, place=place)


def _allow_any(sidecar: Config[Sidecar] | None, mesh: MeshConfig) -> bool:
    own = sidecar.spec.outbound_traffic_policy if sidecar else None
    return (own.mode if own else mesh.outbound_traffic_policy.mode) == "ALLOW_ANY"


def _chosen(proxy: Proxy, names: frozenset[str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, proxy.labels[name]) for name in names if name in proxy.labels))
