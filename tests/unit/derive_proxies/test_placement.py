"""A proxy that names no cluster that is known is found by its pod."""

from __future__ import annotations

import msgspec
import pytest
from mesh_files import Mesh

from isthmus.collections import Batch
from isthmus.model.locality import Locality

MESH = """
clusters:
  cluster1:
    - {kind: Namespace, metadata: {name: kube-system}}
    - {kind: Pod, metadata: {name: web-0, namespace: a}, status: {podIP: 10.10.0.1}}
  cluster2:
    - {kind: Namespace, metadata: {name: kube-system}}
    - {kind: Pod, metadata: {name: web-0, namespace: a}, status: {podIP: 10.11.0.1}}
    - {kind: Pod, metadata: {name: web-0, namespace: b}, status: {podIP: 10.10.0.1}}
proxies:
  - {pod: a/web-0, cluster: cluster2, id: proxy}
"""


@pytest.fixture
def mesh() -> Mesh:
    result = Mesh()
    result.load(MESH)
    return result


def cluster(mesh: Mesh, **fields: object) -> str:
    """Where the mesh sees the proxy with these fields changed."""
    row = mesh.sources.proxies.get("proxy")
    assert row is not None
    batch = Batch()
    batch.put(mesh.sources.proxies, "proxy", msgspec.structs.replace(row, **fields))
    mesh.graph.apply(batch)
    found = mesh.domain.proxies.get("proxy")
    assert found is not None
    return found.cluster


def test_a_cluster_that_is_known_is_believed(mesh: Mesh) -> None:
    assert cluster(mesh, cluster="cluster1") == "cluster1"


def test_a_name_that_nobody_knows_is_settled_by_the_pod_of_that_name_and_address(mesh: Mesh) -> None:
    assert cluster(mesh, cluster="elsewhere") == "cluster2"
    assert cluster(mesh, cluster="") == "cluster2"


def test_without_such_a_pod_the_name_stays(mesh: Mesh) -> None:
    assert cluster(mesh, cluster="elsewhere", addresses=("10.11.0.9",)) == "elsewhere"


def test_two_such_pods_settle_nothing(mesh: Mesh) -> None:
    pod = {"kind": "Pod", "metadata": {"name": "web-0", "namespace": "a"}, "status": {"podIP": "10.11.0.1"}}
    mesh.apply({**pod, "cluster": "cluster1"})
    assert cluster(mesh, cluster="elsewhere") == "elsewhere"


def test_the_proxy_moves_when_its_cluster_becomes_known(mesh: Mesh) -> None:
    assert cluster(mesh, cluster="elsewhere", addresses=("10.12.0.1",)) == "elsewhere"
    pod = {"kind": "Pod", "metadata": {"name": "web-0", "namespace": "a"}, "status": {"podIP": "10.12.0.1"}}
    mesh.apply({**pod, "cluster": "cluster3"})
    found = mesh.domain.proxies.get("proxy")
    assert found is not None
    assert found.cluster == "cluster3"


def locality(mesh: Mesh) -> str:
    found = mesh.domain.proxies.get("proxy")
    assert found is not None
    return str(found.locality)


def on_node(region: str) -> dict[str, object]:
    labels = {"topology.kubernetes.io/region": region, "topology.kubernetes.io/zone": "a"}
    return {"kind": "Node", "metadata": {"name": "n", "labels": labels}, "cluster": "cluster2"}


POD = {
    "kind": "Pod",
    "metadata": {"name": "web-0", "namespace": "a"},
    "spec": {"nodeName": "n"},
    "status": {"podIP": "10.11.0.1"},
    "cluster": "cluster2",
}


def test_a_proxy_stands_where_the_node_of_its_pod_stands_and_moves_with_it(mesh: Mesh) -> None:
    mesh.apply(POD, on_node("eu"))
    assert locality(mesh) == "eu/a"
    mesh.apply(on_node("us"))
    assert locality(mesh) == "us/a"


def test_labels_that_the_pod_got_from_its_node_at_the_start_do_not_hold_it_there(mesh: Mesh) -> None:
    copied = {"topology.kubernetes.io/region": "eu", "topology.kubernetes.io/zone": "a"}  # by Kubernetes 1.35 and newer
    row = mesh.sources.proxies.get("proxy")
    assert row is not None
    batch = Batch()
    batch.put(mesh.sources.proxies, "proxy", msgspec.structs.replace(row, labels=copied, locality=Locality("eu", "a")))
    mesh.graph.apply(batch)
    pod = {**POD, "metadata": {"name": "web-0", "namespace": "a", "labels": copied}}
    node = on_node("eu")
    mesh.apply(pod, node)
    assert locality(mesh) == "eu/a"
    moved = {
        "topology.kubernetes.io/region": "us",
        "topology.kubernetes.io/zone": "b",
        "topology.istio.io/subzone": "c",
    }
    mesh.apply({**node, "metadata": {"name": "n", "labels": moved}})
    assert locality(mesh) == "us/b/c"


def test_a_label_of_the_pod_wins_over_its_node(mesh: Mesh) -> None:
    labelled = {"name": "web-0", "namespace": "a", "labels": {"istio-locality": "asia.b.rack"}}
    mesh.apply(on_node("eu"), {**POD, "metadata": labelled})
    assert locality(mesh) == "asia/b/rack"


def test_what_a_proxy_says_of_itself_holds_where_its_pod_says_nothing_or_is_not_its_own(mesh: Mesh) -> None:
    row = mesh.sources.proxies.get("proxy")
    assert row is not None
    batch = Batch()
    said = msgspec.structs.replace(row, locality=Locality("home"), addresses=("10.9.9.9",))
    batch.put(mesh.sources.proxies, "proxy", said)
    mesh.graph.apply(batch)
    assert locality(mesh) == "home"
    mesh.apply(POD, on_node("eu"))
    assert locality(mesh) == "home"
