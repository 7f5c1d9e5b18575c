"""The name table that agents answer DNS from: one entry per name, wire type ``istio.networking.nds.v1``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from isthmus.model.endpoint import Endpoint, Health, ServiceEndpoints
from isthmus.model.resource import Resource
from isthmus.model.service import Resolution, Service
from isthmus.protos import pb
from isthmus.translate.encoding import Part, content_version, part
from isthmus.translate.types import NAME_TABLE
from isthmus.translate.values import Fields
from isthmus.translate.views import NameView

RESOURCE = "nds"
"""The name of the one resource."""


def entries(view: NameView, service: Service, addresses: Sequence[str], endpoints: ServiceEndpoints) -> Part | None:
    """The names of one service; None when it has none to give (ExternalName, or no address yet).

    ``addresses`` are its virtual ones, for clients of the view's cluster. A headless service gives the addresses
    of its endpoints on the client's network, and names of single pods.
    """
    if service.resolution is Resolution.ALIAS:
        return None
    table: dict[str, Fields] = {}
    if service.resolution is Resolution.HEADLESS:
        found = _usable(view, service, endpoints)
        table.update({name: _info(service, [address], "") for name, address in _pods(view, service, found).items()})
        addresses = sorted({endpoint.address for endpoint in found})
    if addresses:
        table[service.hostname] = _info(service, addresses, service.name)
    if not table:
        return None
    return part(pb("istio.networking.nds.v1.NameTable")(table=table))


def join(parts: Sequence[Part]) -> Part:
    """Entries of several services together."""
    return Part(b"".join(one.body for one in parts), content_version(*(one.version.encode() for one in parts)))


def name_table(parts: Iterable[Part]) -> Resource:
    """The resource; a message's bytes are the bytes of its fields one after the other."""
    whole = join(list(parts))
    return Resource(RESOURCE, NAME_TABLE, whole.body, whole.version)


def _usable(view: NameView, service: Service, endpoints: ServiceEndpoints) -> list[Endpoint]:
    return [
        endpoint
        for found in endpoints.ports.values()
        for endpoint in found
        if endpoint.health is Health.HEALTHY or (endpoint.health is Health.UNHEALTHY and service.publish_not_ready)
        if "" in (view.network, endpoint.network) or view.network == endpoint.network
        if not service.cluster_local or endpoint.cluster == view.cluster
    ]


def _pods(view: NameView, service: Service, endpoints: Iterable[Endpoint]) -> Mapping[str, str]:
    """Names of pods that have a hostname; a pod of the own cluster wins over one of the same name elsewhere."""
    found: dict[str, str] = {}
    for endpoint in sorted(endpoints, key=lambda one: (one.cluster != view.cluster, one.cluster, one.address)):
        if endpoint.hostname and endpoint.subdomain:
            suffix = service.hostname.removeprefix(f"{service.name}.")
            found.setdefault(f"{endpoint.hostname}.{endpoint.subdomain}.{suffix}", endpoint.address)
    return found


def _info(service: Service, addresses: Sequence[str], shortname: str) -> Fields:
    if not service.kubernetes:
        return {"ips": addresses, "registry": "External"}
    return {"ips": addresses, "registry": "Kubernetes", "shortname": shortname, "namespace": service.namespace}
