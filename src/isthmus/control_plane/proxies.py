"""The bridge between streams and the graph: who is connected, and what each of them gets."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping

import msgspec

from isthmus.collections import Batch
from isthmus.control_plane.access_review import Account
from isthmus.control_plane.mesh_graph import MeshGraph
from isthmus.control_plane.secret_access import Ask, SecretReviews
from isthmus.derive.changes import EVERY_NAME
from isthmus.model.identity import Caller, SpiffeId
from isthmus.model.locality import Locality
from isthmus.model.proxy import Proxy, ProxyKind, SecretAccess
from isthmus.model.resource import Resource, is_piecewise
from isthmus.rpc.refusal import Code, Refused
from isthmus.translate.client_tls import may_hold_key
from isthmus.translate.types import SECRET
from isthmus.xds.auth import proved_identity
from isthmus.xds.node import Node, NodeType
from isthmus.xds.order import ROUTE
from isthmus.xds.requests import PORTION
from isthmus.xds.resources import ALL, Names

_KINDS = {NodeType.SIDECAR: ProxyKind.SIDECAR, NodeType.ROUTER: ProxyKind.ROUTER}
_LOCALITY_LABELS = ("topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone")


class ConnectedProxies:
    """Implements ``xds.resources.ResourceSource``: a stream is a row, its resources are look-ups.

    ``secrets`` finds out, by ``may_list_secrets``, which gateways may have the Secrets that they ask for.
    """

    def __init__(
        self,
        graph: MeshGraph,
        ready: Callable[[], bool],
        may_list_secrets: Ask,
        *,
        virtual_host_discovery: bool = False,
    ) -> None:
        self._discovery = graph.discovery
        self._proxies = graph.sources.proxies
        self._placed = graph.domain.proxies
        self._apply = graph.host.apply
        self._ready = ready
        self._virtual_host_discovery = virtual_host_discovery
        self._numbers = itertools.count(1)
        self._routers: dict[str, SpiffeId] = {}  # what they proved to be
        self.tools: set[str] = set()
        self.secrets = SecretReviews(may_list_secrets, self._tell_access)

    def open(self, node: Node, caller: Caller | None) -> Hashable:
        """A row for the proxy; tools (istioctl) have none and get no configuration."""
        if not self._ready():
            raise Refused(Code.UNAVAILABLE, "not ready yet: the clusters are still being read; try again")
        connection = f"{node.id}-{next(self._numbers)}"
        if not node.is_proxy and caller is not None and node.details.generator:
            self.tools.add(connection)
            return connection
        if node.type not in _KINDS:
            raise Refused(Code.INVALID_ARGUMENT, f"proxies of type {node.type} are not served; use sidecar or router")
        identity = proved_identity(node, caller) if caller is not None else None
        row = proxy_row(connection, node, authenticated=identity is not None)
        one_by_one = self._virtual_host_discovery and row.virtual_host_discovery
        self._put(msgspec.structs.replace(row, virtual_host_discovery=one_by_one))
        if identity is not None and node.type is NodeType.ROUTER:
            self._routers[connection] = identity
            if self._discovery.asks_for_keys(connection):  # about to: the answer had better be there by then
                self._review(connection)
        return connection

    def resume(self, subscriber: Hashable, type_url: str, versions: Mapping[str, str]) -> None:
        """A proxy that holds whole route configurations gets whole ones for as long as it is connected.

        Envoy would use one without its virtual hosts before it has asked for those. Who says to hold more of them
        than are looked at in one go is not looked at.
        """
        row = self._proxies.get(str(subscriber))
        if type_url != ROUTE or row is None or not row.virtual_host_discovery:
            return
        whole = [name for name, version in versions.items() if not is_piecewise(version)]
        found = self._discovery.named(row.id, type_url, whole) if len(whole) <= PORTION else {}
        if len(whole) > PORTION or any(is_piecewise(resource.version) for resource in found.values()):
            self._put(msgspec.structs.replace(row, virtual_host_discovery=False))

    def close(self, subscriber: Hashable) -> None:
        """The stream ended."""
        if subscriber in self.tools:
            self.tools.discard(str(subscriber))
            return
        self._routers.pop(str(subscriber), None)
        self.secrets.leave(str(subscriber))
        batch = Batch()
        batch.delete(self._proxies, str(subscriber))
        self._apply(batch)

    def _put(self, row: Proxy) -> None:
        batch = Batch()
        batch.put(self._proxies, row.id, row)
        self._apply(batch)

    def cluster(self, subscriber: Hashable) -> str:
        """The cluster that the proxy was found in."""
        proxy = self._placed.get(str(subscriber))
        return proxy.cluster if proxy else ""

    def wildcard(self, subscriber: Hashable, type_url: str) -> Mapping[str, Resource]:
        """All resources of a type for this proxy."""
        return self._discovery.wildcard(str(subscriber), type_url)

    def named(self, subscriber: Hashable, type_url: str, names: Iterable[str]) -> Mapping[str, Resource]:
        """Those of the named resources that this proxy has."""
        connection = str(subscriber)
        if type_url == SECRET and connection in self._routers:
            names = tuple(names)
            if any(map(may_hold_key, names)):
                self._review(connection)
        return self._discovery.named(connection, type_url, names)

    def _review(self, connection: str) -> None:
        identity = self._routers[connection]
        account = Account(self.cluster(connection), identity.namespace, identity.service_account)
        self.secrets.want(connection, account)

    def _tell_access(self, told: Mapping[str, SecretAccess]) -> None:
        batch = Batch()
        for connection, access in told.items():
            row = self._proxies.get(connection)
            if row is not None:
                batch.put(self._proxies, connection, msgspec.structs.replace(row, secret_access=access))
        self._apply(batch)


def in_words_of_streams(
    changed: Mapping[str, Mapping[str, set[str]]],
) -> Iterator[tuple[str, Mapping[str, Names]]]:
    """What discovery tells, as the server takes it: derivation has a name that stands for all, streams have ALL."""
    known: dict[int, Mapping[str, Names]] = {}  # most proxies share one mapping
    for proxy, types in changed.items():
        words = known.get(id(types))
        if words is None:
            words = {url: ALL if EVERY_NAME in names else names for url, names in types.items()}
            known[id(types)] = words
        yield proxy, words


def proxy_row(connection: str, node: Node, *, authenticated: bool) -> Proxy:
    """The graph's row of a node; what it says of its locality wins over labels that its pod got from its node."""
    details = node.details
    labelled = Locality(*(details.labels.get(name, "") for name in _LOCALITY_LABELS))
    return Proxy(
        id=connection,
        kind=_KINDS[node.type],
        name=node.id.partition(".")[0],
        namespace=node.namespace,
        cluster=details.cluster_id,
        addresses=node.addresses,
        dns_domain=node.dns_domain,
        network=details.network or details.labels.get("topology.istio.io/network", ""),
        requested_networks=tuple(sorted(node.network_view)),
        labels=details.labels,
        locality=node.locality if node.locality.region else labelled,
        service_account=details.service_account,
        node=details.node_name,
        interception=details.interception_mode or "REDIRECT",
        http10=details.http10 == "1",
        unprivileged=str(node.metadata.get("UNPRIVILEGED_POD", "")).lower() == "true",
        dns_capture=node.dns_capture,
        virtual_host_discovery=node.virtual_host_discovery,
        version=details.istio_version,
        authenticated=authenticated,
    )
