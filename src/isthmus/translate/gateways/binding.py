"""Which VirtualServices apply to a server, and for which hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from isthmus.api.config import Config
from isthmus.api.mesh_config import MeshConfig
from isthmus.api.virtual_service import VirtualService
from isthmus.translate.authorization.filters import UNRESTRICTED, Authorization
from isthmus.translate.gateways.hosts import ServerHost, covers
from isthmus.translate.gateways.servers import Bound
from isthmus.translate.routes.destinations import Find
from isthmus.translate.routes.virtual_service import for_gateway


class Routing(msgspec.Struct, frozen=True):
    """What the routes and chains of a router are made from."""

    services: tuple[Config[VirtualService], ...]  # those that name one of its Gateways, oldest first
    find: Callable[[str], Find]  # by namespace of the VirtualService
    mesh: MeshConfig
    authorization: Authorization = UNRESTRICTED

    def bound(self, server: Bound) -> Iterable[tuple[Config[VirtualService], tuple[str, ...]]]:
        """Each VirtualService of a server, with the hosts that both have."""
        hosts = [ServerHost.parse(text) for text in server.server.hosts]
        own = server.gateway[0]
        for service in self.services:
            if not for_gateway(service.spec.gateways, service.namespace, server.name):
                continue
            admitting = [host for host in hosts if host.admits(service.namespace, own)]
            if found := common_hosts(service.spec.hosts, admitting):
                yield service, found


def common_hosts(wanted: Iterable[str], offered: Iterable[ServerHost]) -> tuple[str, ...]:
    """The more specific of each pair of hosts of which one covers the other."""
    found: dict[str, None] = {}
    for name in wanted:
        for host in offered:
            if covers(host.name, name):
                found[name] = None
            elif covers(name, host.name):
                found[host.name] = None
    return tuple(found)
