"""Endpoints: EndpointSlices of every cluster as the endpoints of mesh-wide hostnames."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from isthmus.api.core_endpoint_slice import Endpoint as WireEndpoint
from isthmus.api.core_endpoint_slice import EndpointSlice
from isthmus.derive.network_rules import NetworkRules
from isthmus.model.endpoint import Endpoint, Health, ServiceEndpoints
from isthmus.model.locality import Locality
from isthmus.model.workload import Workload, WorkloadKey


class SliceKey(msgspec.Struct, frozen=True, order=True):
    """An EndpointSlice in one cluster."""

    cluster: str
    namespace: str
    name: str


class SliceEndpoints(msgspec.Struct, frozen=True):
    """What one slice contributes to its hostname."""

    key: SliceKey
    hostname: str
    ports: dict[str, tuple[Endpoint, ...]]


def slice_endpoints(
    key: SliceKey,
    wire: EndpointSlice,
    hostname: str,
    workload_of: Callable[[WorkloadKey], Workload | None],
    rules: NetworkRules,
) -> SliceEndpoints:
    """One slice's endpoints. An address whose pod is not known yet waits until it is."""
    ports: dict[str, list[Endpoint]] = {port.name: [] for port in wire.ports if port.port}
    for address in wire.endpoints:
        workload = _workload(key, address, workload_of)
        if workload is None and _names_pod(address):
            continue
        for port in wire.ports:
            if port.port:
                ports[port.name] += _endpoints(key.cluster, address, port.port, workload, rules)
    return SliceEndpoints(key, hostname, {name: tuple(found) for name, found in ports.items()})


def merge_slices(hostname: str, slices: Iterable[SliceEndpoints]) -> ServiceEndpoints:
    """All slices of one hostname; an address that stands in two slices counts once."""
    ports: dict[str, dict[tuple[str, str, int], Endpoint]] = {}
    for part in slices:
        for name, endpoints in part.ports.items():
            found = ports.setdefault(name, {})
            for endpoint in endpoints:
                found.setdefault((endpoint.cluster, endpoint.address, endpoint.port), endpoint)
    identities = {endpoint.identity for found in ports.values() for endpoint in found.values() if endpoint.identity}
    return ServiceEndpoints(
        hostname,
        {name: tuple(found[address] for address in sorted(found)) for name, found in ports.items()},
        tuple(sorted(identities)),
    )


def health(endpoint: WireEndpoint) -> Health:
    """From an endpoint's conditions; an unset ``ready`` means ready."""
    conditions = endpoint.conditions
    if conditions.ready is not False:
        return Health.HEALTHY
    if conditions.terminating:
        return Health.TERMINATING
    return Health.UNHEALTHY


def _names_pod(address: WireEndpoint) -> bool:
    return address.target_ref is not None and address.target_ref.kind == "Pod"


def _workload(
    key: SliceKey, address: WireEndpoint, workload_of: Callable[[WorkloadKey], Workload | None]
) -> Workload | None:
    if address.target_ref is None or address.target_ref.kind != "Pod":
        return None
    return workload_of(WorkloadKey(key.cluster, address.target_ref.namespace or key.namespace, address.target_ref.name))


def _endpoints(
    cluster: str, address: WireEndpoint, port: int, workload: Workload | None, rules: NetworkRules
) -> Iterable[Endpoint]:
    for ip in address.addresses:
        if workload is None:
            yield Endpoint(
                address=ip,
                port=port,
                cluster=cluster,
                network=rules.network(cluster, {}, ip),
                locality=Locality(zone=address.zone),
                health=health(address),
                node=address.node_name,
                hostname=address.hostname,
            )
        else:
            yield Endpoint(
                address=ip,
                port=port,
                cluster=cluster,
                network=workload.network,
                locality=workload.locality,
                health=health(address),
                mtls=workload.mtls,
                identity=workload.identity,
                namespace=workload.key.namespace,
                workload=workload.workload,
                canonical_name=workload.canonical_name,
                canonical_revision=workload.canonical_revision,
                labels=workload.labels,
                node=workload.node,
                hostname=workload.hostname or address.hostname,
                subdomain=workload.subdomain,
            )
