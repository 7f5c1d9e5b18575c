"""The graph of this process with everything declared in it: sources, domain, discovery."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from isthmus.control_plane.graph_host import GraphHost
from isthmus.control_plane.settings import Settings
from isthmus.derive.discovery import Discovery, build
from isthmus.derive.domain import Domain
from isthmus.derive.gateways_of_networks import is_address
from isthmus.derive.kubernetes import GATEWAY_CANDIDATES, Identity, declare_domain
from isthmus.derive.sources import Sources, declare_sources


@dataclass(frozen=True, slots=True)
class MeshGraph:
    """What is written to, what follows from it, and the one way to change it."""

    host: GraphHost
    sources: Sources
    domain: Domain
    discovery: Discovery

    @property
    def trust_domain(self) -> str:
        """Of this mesh."""
        mesh = self.domain.mesh.get("")
        return mesh.trust_domain if mesh else "cluster.local"

    def observe_discovery_address(self, told: Callable[[str], None]) -> None:
        """Tells where proxies look for the control plane (``defaultConfig.discoveryAddress``), now and on a change."""

        def changed(_: object) -> None:
            if (mesh := self.domain.mesh.get("")) is not None:
                told(mesh.default_config.discovery_address)

        self.domain.mesh.observe(changed)
        changed(None)

    def observe_gateway_names(self, wanted: Callable[[Iterable[str]], None]) -> None:
        """Tells which host names of gateways have to be resolved, whenever gateways change."""
        candidates = self.host.graph.collections[GATEWAY_CANDIDATES]

        def changed(_: object) -> None:
            wanted(one.host for one in candidates.get("") or () if not is_address(one.host))

        candidates.observe(changed)


def declare(settings: Settings, registry: CollectorRegistry) -> MeshGraph:
    """An empty graph."""
    host = GraphHost(registry)
    sources = declare_sources(host.graph)
    identity = Identity(settings.cluster_id, settings.namespace, settings.domain, settings.discovery_address)
    domain = declare_domain(host.graph, sources, identity)
    return MeshGraph(host, sources, domain, build(domain, settings.domain))
