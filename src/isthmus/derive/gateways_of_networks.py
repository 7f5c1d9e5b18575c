"""Gateways into networks: labelled Services and Gateways, and ``meshNetworks`` (Istio's network manager)."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping

import msgspec

from isthmus.api.config import Config
from isthmus.api.core_node import Node
from isthmus.api.gateway_api.gateway import Gateway, Listener
from isthmus.api.mesh_networks import MeshNetworks
from isthmus.derive.network_rules import NETWORK_LABEL
from isthmus.model.network import NetworkGateway, Networks
from isthmus.model.service import ClusterService
from isthmus.translate.gateway_api.listener_tls import passes_by_sni
from isthmus.translate.gateway_api.names import REMOTE_CLASS

GATEWAY_PORT_LABEL = "networking.istio.io/gatewayPort"
DEFAULT_PORT = 15443
HBONE_PORT = 15008

Resolve = Callable[[str], tuple[str, ...]]


class UnresolvedGateway(msgspec.Struct, frozen=True, order=True):
    """A gateway by address or hostname, as an object names it."""

    host: str
    port: int
    network: str
    cluster: str = ""
    hbone_port: int = 0


def service_gateways(service: ClusterService, nodes: Iterable[Node]) -> tuple[UnresolvedGateway, ...]:
    """The gateways that one labelled Service stands for; none without the port or without an address."""
    network = service.labels.get(NETWORK_LABEL, "")
    if not network:
        return ()
    wanted = service.labels.get(GATEWAY_PORT_LABEL, "")
    number = int(wanted) if wanted.isdigit() else DEFAULT_PORT
    ports = {port.number: port for port in service.ports}
    mtls, hbone = ports.get(number), ports.get(HBONE_PORT)
    if mtls is None and hbone is None:
        return ()
    if service.gateway_nodes is not None:
        hosts: tuple[str, ...] = tuple(_node_addresses(service.gateway_nodes, nodes))
        numbers = (mtls.node_port if mtls else 0, hbone.node_port if hbone else 0)
    else:
        hosts = service.load_balancer + service.external_ips
        numbers = (mtls.number if mtls else 0, hbone.number if hbone else 0)
    return tuple(UnresolvedGateway(host, numbers[0], network, service.key.cluster, numbers[1]) for host in hosts)


def addressed_gateways(gateway: Config[Gateway], own_cluster: str) -> tuple[UnresolvedGateway, ...]:
    """The gateways that one labelled Gateway of the Gateway API stands for, by the addresses that it names.

    Those of the class ``istio-remote`` count in the configuration cluster only: they tell of clusters that cannot
    be asked. A Gateway that is deployed has a Service with its labels, which counts by itself.
    """
    network = gateway.labels.get(NETWORK_LABEL, "")
    if not network or (gateway.spec.gateway_class_name == REMOTE_CLASS and gateway.cluster != own_cluster):
        return ()
    wanted = gateway.labels.get(GATEWAY_PORT_LABEL, "")
    mtls = int(wanted) if wanted.isdigit() else DEFAULT_PORT
    return tuple(
        UnresolvedGateway(address.value, port, network, gateway.cluster, hbone)
        for address in gateway.spec.addresses
        if address.type in ("IPAddress", "Hostname") and address.value
        for port, hbone in (_listener_ports(listener, mtls) for listener in gateway.spec.listeners)
        if port or hbone
    )


def _listener_ports(listener: Listener, mtls: int) -> tuple[int, int]:
    """The port that a listener passes mesh mTLS on at, or its HBONE port; 0 for none."""
    if listener.protocol == "HBONE":
        return 0, listener.port
    passes = listener.protocol == "TLS" and (listener.port == mtls or passes_by_sni(listener))
    return (listener.port if passes else 0), 0


def declared_gateways(
    networks: MeshNetworks, services_of: Callable[[str, str], Iterable[ClusterService]]
) -> tuple[UnresolvedGateway, ...]:
    """The gateways of ``meshNetworks``; ``services_of(hostname, cluster)`` finds ``registryServiceName``."""
    found: list[UnresolvedGateway] = []
    for name, network in networks.networks.items():
        registries = [endpoint.from_registry for endpoint in network.endpoints if endpoint.from_registry]
        for gateway in network.gateways:
            if gateway.address:
                found.append(UnresolvedGateway(gateway.address, gateway.port, name))
            for registry in registries if gateway.registry_service_name else ():
                for service in services_of(gateway.registry_service_name, registry):
                    hosts = service.load_balancer + service.external_ips
                    found += [UnresolvedGateway(host, gateway.port, name, registry) for host in hosts]
    return tuple(found)


def resolve_all(gateways: Iterable[UnresolvedGateway], resolve: Resolve) -> Networks:
    """All gateways by IP address; a hostname becomes one gateway per address, or none while it is not known."""
    found = {
        NetworkGateway(address, gateway.port, gateway.network, gateway.cluster, gateway.hbone_port)
        for gateway in gateways
        for address in ((gateway.host,) if is_address(gateway.host) else resolve(gateway.host))
        if not _placeholder(address)
    }
    return Networks(tuple(sorted(found)))


def is_address(host: str) -> bool:
    """Whether a host is an IP address rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _placeholder(address: str) -> bool:
    # Guides write 0.0.0.0 where the gateway's address is not known yet.
    return ipaddress.ip_address(address).is_unspecified


def _node_addresses(selector: Mapping[str, str], nodes: Iterable[Node]) -> Iterable[str]:
    for node in nodes:
        if selector.items() <= node.metadata.labels.items():
            yield from node.addresses("ExternalIP")
