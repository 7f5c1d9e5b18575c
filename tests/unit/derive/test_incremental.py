"""Whatever the order of events, the domain is what a cold start would make of the same objects."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from kubernetes_objects import Mesh, endpoint_slice, pod, service

clusters = st.sampled_from(["c1", "c2", "c3"])
names = st.sampled_from(["a", "b"])
addresses = st.sampled_from(["10.0.0.1", "10.0.0.2"])
networks = st.sampled_from(["n1", "n2"])

namespaces = networks.map(
    lambda network: (
        f"kind: Namespace\nmetadata: {{name: istio-system, labels: {{topology.istio.io/network: {network}}}}}"
    )
)
nodes = networks.map(
    lambda zone: f"kind: Node\nmetadata: {{name: n1, labels: {{topology.kubernetes.io/zone: {zone}}}}}"
)
gateways = networks.map(
    lambda network: service(
        "gateway",
        type="LoadBalancer",
        labels={"topology.istio.io/network": network},
        ports=[{"name": "tls", "port": 15443}],
        status={"loadBalancer": {"ingress": [{"ip": "172.30.0.1"}]}},
    )
)
objects = st.one_of(
    st.builds(service, names, clusterIP=addresses),
    st.builds(pod, names, addresses),
    st.builds(
        lambda name, found: endpoint_slice(name, *found), names, st.lists(st.tuples(names, addresses), max_size=2)
    ),
    namespaces,
    nodes,
    gateways,
)
steps = st.lists(st.tuples(clusters, objects, st.booleans()), max_size=12)


def state(mesh: Mesh) -> dict[str, dict[Any, Any]]:
    return {name: dict(rows.items()) for name, rows in mesh.graph.collections.items()}


@settings(max_examples=120, deadline=None)
@given(steps)
def test_incremental_equals_from_scratch(changes: list[tuple[str, str, bool]]) -> None:
    mesh, scratch = Mesh(), Mesh()
    kept: dict[tuple[str, str], str] = {}
    for cluster, text, delete in changes:
        mesh.apply(cluster, text, delete=delete)
        identity = (cluster, _identity(text))
        kept.pop(identity, None)
        if not delete:
            kept[identity] = text
    for (cluster, _), text in reversed(kept.items()):
        scratch.apply(cluster, text)
    assert state(mesh) == state(scratch)


def _identity(text: str) -> str:
    import yaml

    item = yaml.safe_load(text)
    return f"{item['kind']}/{item['metadata']['name']}"
