"""A bug in a derivation or a translation costs the key that it meets; everything else goes on and it is reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from mesh_files import Mesh
from prometheus_client import CollectorRegistry

from isthmus.collections import Batch
from isthmus.control_plane.graph_host import GraphHost
from isthmus.derive.changes import EVERY_NAME
from isthmus.translate import types

MESH = """
clusters:
  cluster1:
    - kind: Service
      metadata: {name: sane, namespace: a}
      spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
    - kind: Service
      metadata: {name: cursed, namespace: a}
      spec: {clusterIP: 10.96.0.2, ports: [{name: http, port: 80}]}
    - {kind: Pod, metadata: {name: client, namespace: b}, status: {podIP: 10.10.0.3}}
proxies:
  - {pod: b/client, cluster: cluster1}
"""


@pytest.fixture
def mesh() -> Mesh:
    result = Mesh()
    result.load(MESH)
    result.graph.strict = False
    return result


def service(name: str, port: int) -> dict[str, Any]:
    ports = [{"name": "http", "port": port}]
    address = "10.96.0.1" if name == "sane" else "10.96.0.2"
    spec = {"clusterIP": address, "ports": ports}
    return {"cluster": "cluster1", "kind": "Service", "metadata": {"name": name, "namespace": "a"}, "spec": spec}


def cluster(name: str, port: int) -> str:
    return f"outbound|{port}||{name}.a.svc.cluster.local"


def curse(mesh: Mesh, collection: str, cursed: Callable[[Any], bool]) -> Callable[[], None]:
    """Puts a bug into the derivation of a collection; gives what takes it away again."""
    derived: Any = mesh.graph.collections[collection]
    sound = derived.fn

    def broken(ctx: Any, key: Any, row: Any) -> Mapping[Any, Any]:
        rows = dict(sound(ctx, key, row))  # a bug depends on what was read
        if cursed(key):
            raise ZeroDivisionError("a curse")
        return rows

    derived.fn = broken
    return lambda: setattr(derived, "fn", sound)


@pytest.mark.parametrize("collection", ["services", "clusters"])
def test_the_last_good_rows_of_a_key_stay_and_other_keys_go_on(mesh: Mesh, collection: str) -> None:
    lift = curse(mesh, collection, lambda key: "cursed" in str(key))
    mesh.apply(service("cursed", 81), service("sane", 81))
    found = mesh.discovery.wildcard("client.b", types.CLUSTER)
    assert cluster("sane", 81) in found
    assert {fault.error for fault in mesh.graph.faults.values()} == {"ZeroDivisionError: a curse"}
    assert {fault.collection for fault in mesh.graph.faults.values()} == {collection}
    assert cluster("cursed", 80) in found
    assert cluster("cursed", 81) not in found
    lift()
    mesh.apply(service("cursed", 82))
    assert cluster("cursed", 82) in mesh.discovery.wildcard("client.b", types.CLUSTER)
    assert mesh.graph.faults == {}


def test_a_bug_in_finding_out_who_is_concerned_tells_everybody_of_everything(
    mesh: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Mapping[str, Mapping[str, set[str]]]] = []
    mesh.discovery.observe(told.append)

    def broken(_: object) -> Mapping[str, Any]:
        raise ZeroDivisionError("a curse")

    monkeypatch.setattr(mesh.discovery._changes, "of", broken)
    mesh.apply(service("sane", 81))
    assert told[-1]["client.b"][types.CLUSTER] == {EVERY_NAME}
    assert cluster("sane", 81) in mesh.discovery.wildcard("client.b", types.CLUSTER)
    (fault,) = mesh.graph.faults.values()
    assert (fault.collection, fault.error) == ("observers", "ZeroDivisionError: a curse")


def test_an_observer_that_fails_keeps_the_news_from_no_other(mesh: Mesh) -> None:
    heard: list[object] = []

    def broken(_: object) -> None:
        raise ZeroDivisionError("a curse")

    mesh.domain.services.observe(broken)
    mesh.domain.services.observe(heard.append)
    mesh.apply(service("sane", 81))
    assert len(heard) == 1


def test_faults_are_counted_until_they_are_over() -> None:
    registry = CollectorRegistry()
    host = GraphHost(registry)
    numbers = host.graph.source("numbers")
    host.graph.derive("inverses", numbers, lambda ctx, key, row: {key: 1 / row})
    for row, faults in ((0, 1), (2, 0)):
        batch = Batch()
        batch.put(numbers, "x", row)
        host.apply(batch)
        assert registry.get_sample_value("isthmus_graph_faults") == faults
