"""What the control plane can tell about itself: one pure function per page, JSON values out.

Paths and shapes are Istio's (``/debug/*``), so that its tools can read them. ``collections`` is this project's own:
every row of the graph with what it was made from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from isthmus.collections import Collection, Graph
from isthmus.control_plane.clusters import ClusterStatus
from isthmus.control_plane.errors import PageError
from isthmus.control_plane.mesh_graph import MeshGraph
from isthmus.derive.domain import ConfigKey, Domain
from isthmus.model.endpoint import Endpoint, ServiceEndpoints

Query = Mapping[str, str]


class Pages(NamedTuple):
    """Everything that pages read."""

    mesh_graph: MeshGraph
    clusters: Callable[[], list[ClusterStatus]]
    templates: Callable[[], Mapping[str, str]]

    @property
    def graph(self) -> Graph:
        """All collections."""
        return self.mesh_graph.host.graph

    @property
    def domain(self) -> Domain:
        """What the mesh knows."""
        return self.mesh_graph.domain

    def clusterz(self, query: Query) -> Any:
        """The clusters that are watched.

        Additions: ``age`` (seconds since the last answer), ``error``, and ``copyAge``: how many seconds old the copy
        is that stands in for a cluster which was not read since the start, null when none does.
        """
        return [
            {
                "id": status.id,
                "secretName": status.secret,
                "syncStatus": str(status.state),
                "age": None if status.age is None else round(status.age, 1),
                "error": status.error,
                "copyAge": None if status.copy_age is None else round(status.copy_age, 1),
            }
            for status in self.clusters()
        ]

    def networkz(self, query: Query) -> Any:
        """The gateways of all networks."""
        networks = self.domain.networks.get("")
        return [
            {
                "Network": gateway.network,
                "Cluster": gateway.cluster,
                "Addr": gateway.address,
                "Port": gateway.port,
                "HBONEPort": gateway.hbone_port,
                "ServiceAccount": "",
            }
            for gateway in (networks.gateways if networks else ())
        ]

    def endpoint_shards(self, query: Query) -> Any:
        """Endpoints by hostname, namespace and cluster."""
        return {hostname: _shards(row) for hostname, row in sorted(self.domain.endpoints.items())}

    def registryz(self, query: Query) -> Any:
        """The merged services."""
        return [msgspec.to_builtins(row) for _, row in sorted(self.domain.services.items())]

    def configz(self, query: Query) -> Any:
        """The Istio configuration in use."""
        kinds: dict[str, Collection[ConfigKey, Any]] = {
            "Gateway": self.domain.gateways,
            "VirtualService": self.domain.virtual_services,
            "DestinationRule": self.domain.destination_rules,
            "PeerAuthentication": self.domain.peer_authentications,
            "AuthorizationPolicy": self.domain.authorization_policies,
            "Sidecar": self.domain.sidecars,
        }
        return [
            {
                "kind": kind,
                "metadata": {"name": row.name, "namespace": row.namespace, "creationTimestamp": row.created},
                "spec": msgspec.to_builtins(row.spec),
            }
            for kind, rows in kinds.items()
            for _, row in sorted(rows.items())
        ]

    def mesh(self, query: Query) -> Any:
        """The mesh's settings in use, defaults included."""
        row = self.domain.mesh.get("")
        return {} if row is None else _whole(row)

    def problems(self, query: Query) -> Any:
        """What is wrong with users' objects."""
        return [
            {"object": f"{kind} {namespace}/{name}", "problems": [str(problem) for problem in found]}
            for (kind, namespace, name), found in self.mesh_graph.discovery.problems().items()
        ]

    def inject(self, query: Query) -> Any:
        """The injection templates in use, by name."""
        return dict(self.templates())

    def collections(self, query: Query) -> Any:
        """The graph's collections with their sizes; with ``?name=`` the keys and inputs of one; and its faults."""
        name = query.get("name")
        if name is None:
            sizes = {name: len(rows) for name, rows in self.graph.collections.items()}
            return {"collections": sizes, "faults": [fault._asdict() for fault in self.graph.faults.values()]}
        if name not in self.graph.collections:
            raise PageError(404, f"no collection {name!r}; there are {', '.join(self.graph.collections)}")
        rows = self.graph.collections[name]
        return {str(key): [f"{source}: {value}" for source, value in self.graph.inputs(rows, key)] for key in rows}

    def pages(self) -> dict[str, Callable[[Query], Any]]:
        """Pages by the last part of their path."""
        return {
            "clusterz": self.clusterz,
            "networkz": self.networkz,
            "endpointShardz": self.endpoint_shards,
            "endpointz": self.endpoint_shards,
            "registryz": self.registryz,
            "configz": self.configz,
            "mesh": self.mesh,
            "inject": self.inject,
            "problems": self.problems,
            "collections": self.collections,
        }


def _whole(record: msgspec.Struct) -> dict[str, Any]:
    """All fields of the outermost record; a wire form leaves out what has its default."""
    fields = msgspec.structs.fields(record)
    return {field.encode_name: msgspec.to_builtins(getattr(record, field.name)) for field in fields}


def _shards(row: ServiceEndpoints) -> dict[str, Any]:
    shards: dict[str, list[dict[str, Any]]] = {}
    namespace = row.hostname.split(".")[1] if "." in row.hostname else ""
    for port, endpoints in sorted(row.ports.items()):
        for endpoint in endpoints:
            shards.setdefault(f"Kubernetes/{endpoint.cluster}", []).append(_endpoint(port, endpoint))
    return {namespace: {"Shards": shards, "ServiceAccounts": list(row.identities)}}


def _endpoint(port: str, endpoint: Endpoint) -> dict[str, Any]:
    return {
        "Addresses": [endpoint.address],
        "EndpointPort": endpoint.port,
        "ServicePortName": port,
        "Network": endpoint.network,
        "Locality": {"Label": str(endpoint.locality), "ClusterID": endpoint.cluster},
        "ServiceAccount": endpoint.identity,
        "TLSMode": "istio" if endpoint.mtls else "disabled",
        "WorkloadName": endpoint.workload,
        "Namespace": endpoint.namespace,
        "NodeName": endpoint.node,
        "HealthStatus": str(endpoint.health),
        "Labels": endpoint.labels,
    }
