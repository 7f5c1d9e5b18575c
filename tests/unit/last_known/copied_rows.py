"""Rows of clusters as they are decoded from an API server's answers."""

from __future__ import annotations

from typing import Any

import msgspec

from isthmus.api.core_endpoint_slice import EndpointSlice
from isthmus.api.core_namespace import Namespace
from isthmus.api.core_node import Node
from isthmus.api.core_pod import Pod
from isthmus.api.core_service import Service
from isthmus.api.gateway_api.gateway import Gateway
from isthmus.api.wire import Object
from isthmus.collections import Batch, Graph
from isthmus.control_plane.feeds import cluster_feeds
from isthmus.control_plane.intake import FeedSink, Intake
from isthmus.derive.sources import Sources, declare_sources

UID = "0b1c2d3e-0000-4000-8000-000000000001"

OBJECTS: dict[str, tuple[Any, list[dict[str, Any]]]] = {
    "Namespace": (
        Namespace,
        [
            {"metadata": {"name": "kube-system", "uid": UID}},
            {
                "metadata": {
                    "name": "shop",
                    "labels": {"istio-injection": "enabled"},
                    "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "team": "a"},
                }
            },
        ],
    ),
    "Node": (Node, [{"metadata": {"name": "n1", "labels": {"topology.kubernetes.io/zone": "z1"}}}]),
    "Service": (
        Service,
        [
            {
                "metadata": {"name": "web", "namespace": "shop"},
                "spec": {"ports": [{"name": "http", "port": 80, "targetPort": "web"}], "clusterIP": "10.96.0.7"},
            }
        ],
    ),
    "EndpointSlice": (
        EndpointSlice,
        [
            {
                "metadata": {"name": "web-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
                "ports": [{"name": "http", "port": 8080}],
                "endpoints": [{"addresses": ["10.2.0.1"], "conditions": {"ready": True}, "nodeName": "n1"}],
            },
            {"metadata": {"name": "web-2", "namespace": "shop"}, "ports": None, "endpoints": None},
        ],
    ),
    "Pod": (
        Pod,
        [
            {
                "metadata": {"name": "web-1", "namespace": "shop", "labels": {"app": "web"}},
                "spec": {"serviceAccountName": "web", "containers": [{"name": "app", "env": [{"name": "PASSWORD"}]}]},
                "status": {"phase": "Running", "podIP": "10.2.0.1"},
            }
        ],
    ),
    "Gateway": (
        Object[Gateway],
        [
            {
                "metadata": {"name": "east-west", "namespace": "istio-system", "labels": {"a": "b"}},
                "spec": {
                    "gatewayClassName": "istio",
                    "listeners": [{"name": "tls", "port": 15443, "protocol": "TLS", "tls": {"mode": "Passthrough"}}],
                },
            }
        ],
    ),
}


class World:
    """A graph and its sources."""

    def __init__(self) -> None:
        self.graph = Graph(strict=True)
        self.sources: Sources = declare_sources(self.graph)

    def fill(self, cluster: str) -> None:
        """The cluster's objects, as if they had been read."""
        feeds = cluster_feeds(self.sources)
        intake = Intake(cluster, feeds, self.graph.apply)
        for feed in feeds:
            into, objects = OBJECTS[feed.reflected.kind.kind]
            FeedSink(intake, feed).replace(
                [msgspec.json.decode(msgspec.json.encode(one), type=into) for one in objects]
            )
        batch = Batch()
        batch.put(self.sources.trust_domains, cluster, "far.example")
        self.graph.apply(batch)

    def rows(self) -> dict[str, dict[Any, Any]]:
        """Everything in it."""
        return {name: dict(rows.items()) for name, rows in self.graph.collections.items() if len(rows)}
