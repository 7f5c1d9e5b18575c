"""What a sidecar's own workload offers: services of its own cluster that select it, and their target ports."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from isthmus.api.wire import Labels
from isthmus.collections import Context
from isthmus.derive.domain import Domain
from isthmus.derive.policies import Policies
from isthmus.model.proxy import Proxy
from isthmus.model.service import ClusterService, Protocol, ServicePort
from isthmus.model.workload import Workload
from isthmus.translate.inbound import InboundPort, InboundView
from isthmus.translate.peer_authentication import PeerPolicies
from isthmus.translate.views import Families

NOTHING = InboundView()


def declare(domain: Domain, policies: Policies) -> Callable[[Context, Proxy], InboundView]:
    """The look-up of a proxy's inbound view."""

    def view(ctx: Context, proxy: Proxy) -> InboundView:
        workload = workload_of(ctx, domain, proxy)
        labels = workload.labels if workload else proxy.labels
        peers = policies.peer_policies(ctx, proxy.namespace)
        services = ctx.select(domain.cluster_services_by_namespace, (proxy.cluster, proxy.namespace))
        ports = inbound_ports(services, labels, workload, peers)
        taken = {port.number for port in ports}
        return InboundView(
            ports=ports,
            mode=peers.workload_mode(labels),
            other_ports=tuple(item for item in peers.named_ports(labels).items() if item[0] not in taken),
            families=Families.of(proxy.addresses),
            transparent=proxy.interception == "TPROXY",
            http10=proxy.http10,
            authorization=policies.authorization(ctx, proxy.namespace, labels),
        )

    return view


def workload_of(ctx: Context, domain: Domain, proxy: Proxy) -> Workload | None:
    """The pod that a proxy runs in, by its first address in its own cluster."""
    found = (ctx.select(domain.workloads_by_address, (proxy.cluster, address)) for address in proxy.addresses[:1])
    candidates = [workload for rows in found for workload in rows]
    return next((one for one in candidates if one.key.name == proxy.name), candidates[0] if candidates else None)


def inbound_ports(
    services: Iterable[ClusterService], labels: Labels, workload: Workload | None, peers: PeerPolicies
) -> tuple[InboundPort, ...]:
    """One entry per container port; of several services on one port the oldest decides."""
    selecting = (service for service in services if service.selector and service.selector.items() <= labels.items())
    found: dict[int, InboundPort] = {}
    for service in sorted(selecting, key=lambda service: (service.created, service.key)):
        for port in service.ports:
            number = target_port(port, workload)
            if number and port.protocol is not Protocol.UDP and number not in found:
                found[number] = InboundPort(
                    number=number,
                    protocol=port.protocol,
                    hostname=service.hostname,
                    service_port=port.number,
                    mode=peers.port_mode(labels, number),
                    service=service.key.name,
                    namespace=service.key.namespace,
                )
    return tuple(found[number] for number in sorted(found))


def target_port(port: ServicePort, workload: Workload | None) -> int:
    """The container port behind a service port; 0 while a name is not known."""
    if isinstance(port.target, int):
        return port.target or port.number
    return workload.ports.get(port.target, 0) if workload else 0
