"""Who is told what, and who hears of a change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from mesh_files import Mesh
from msgspec.structs import replace

from isthmus.collections import Batch
from isthmus.derive.changes import EVERY_NAME
from isthmus.model.proxy import SecretAccess
from isthmus.translate import types

MESH = """
clusters:
  cluster1:
    - kind: Service
      metadata: {name: web, namespace: a}
      spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
    - kind: Service
      metadata: {name: own, namespace: a, annotations: {networking.istio.io/exportTo: .}}
      spec: {clusterIP: 10.96.0.2, ports: [{name: tcp, port: 90}, {name: http-odd, port: 15021}]}
    - {kind: Service, metadata: {name: db, namespace: a}, spec: {clusterIP: None, ports: [{name: tcp, port: 5432}]}}
    - {kind: Pod, metadata: {name: db-0, namespace: a}, status: {podIP: 10.10.0.1}}
    - {kind: Pod, metadata: {name: db-1, namespace: a}, status: {podIP: 10.10.0.2}}
    - kind: EndpointSlice
      metadata: {name: db-1, namespace: a, labels: {kubernetes.io/service-name: db}}
      ports: [{name: tcp, port: 5432}]
      endpoints:
        - {addresses: [10.10.0.1], conditions: {ready: true}, targetRef: {kind: Pod, name: db-0, namespace: a}}
        - {addresses: [10.10.0.2], conditions: {ready: true}, targetRef: {kind: Pod, name: db-1, namespace: a}}
    - {kind: Pod, metadata: {name: client, namespace: b}, status: {podIP: 10.10.0.3}}
    - kind: Pod
      metadata: {name: edge, namespace: b, labels: {app: edge}}
      spec: {serviceAccountName: edge}
      status: {podIP: 10.10.0.4}
    - {kind: Secret, metadata: {name: cert, namespace: b}, stringData: {tls.crt: c, tls.key: k, ca.crt: r}}
    - {kind: Secret, metadata: {name: cert, namespace: a}, stringData: {tls.crt: c, tls.key: k}}
configuration:
  - kind: Gateway
    metadata: {name: edge, namespace: b}
    spec:
      selector: {app: edge}
      servers:
        - port: {number: 443, name: https, protocol: HTTPS}
          hosts: ["*"]
          tls: {mode: SIMPLE, credentialName: cert}
proxies:
  - {pod: a/db-0, cluster: cluster1}
  - {pod: b/client, cluster: cluster1}
  - {pod: b/edge, cluster: cluster1, kind: router}
  - {pod: b/edge, cluster: cluster1, kind: router, id: nobody, authenticated: false}
"""

ANOTHER_EDGE = {"pod": "b/edge", "cluster": "cluster1", "kind": "router", "id": "other"}


@pytest.fixture
def mesh() -> Mesh:
    result = Mesh()
    result.load(MESH)
    return result


def heard(mesh: Mesh, document: Mapping[str, Any]) -> dict[str, dict[str, set[str]]]:
    """What proxies are told of a change."""
    result: dict[str, dict[str, set[str]]] = {}

    def listen(changes: Mapping[str, Mapping[str, set[str]]]) -> None:
        result.update({proxy: {kind: set(names) for kind, names in found.items()} for proxy, found in changes.items()})

    mesh.discovery.observe(listen)
    mesh.apply(document)
    return result


def endpoint_slice(service: str, *addresses: str) -> dict[str, Any]:
    return {
        "cluster": "cluster1",
        "kind": "EndpointSlice",
        "metadata": {"name": f"{service}-1", "namespace": "a", "labels": {"kubernetes.io/service-name": service}},
        "ports": [{"name": "http", "port": 80}, {"name": "tcp", "port": 90}],
        "endpoints": [{"addresses": [one], "conditions": {"ready": True}} for one in addresses],
    }


def test_an_endpoint_change_is_told_by_the_names_of_its_clusters_only(mesh: Mesh) -> None:
    told = heard(mesh, endpoint_slice("web", "192.0.2.1"))
    assert told["client.b"] == {types.ENDPOINT: {"outbound|80||web.a.svc.cluster.local"}}
    assert told.keys() == {"db-0.a", "client.b", "edge.b", "nobody"}


def test_who_may_not_see_a_service_hears_nothing_of_it(mesh: Mesh) -> None:
    told = heard(mesh, endpoint_slice("own", "192.0.2.1"))
    assert told.keys() == {"db-0.a"}
    name = "outbound|90||own.a.svc.cluster.local"
    assert not mesh.discovery.named("client.b", types.ENDPOINT, [name])
    assert mesh.discovery.named("db-0.a", types.ENDPOINT, [name])


def test_a_change_that_changes_nothing_is_not_told(mesh: Mesh) -> None:
    mesh.apply(endpoint_slice("web", "192.0.2.1"))
    assert heard(mesh, endpoint_slice("web", "192.0.2.1")) == {}


def test_keys_go_to_proven_gateways_of_the_secret_s_namespace(mesh: Mesh) -> None:
    names = ["kubernetes://cert", "kubernetes://cert-cacert", "kubernetes://other"]
    assert mesh.discovery.named("edge.b", types.SECRET, names).keys() == set(names[:2])
    assert mesh.discovery.wildcard("edge.b", types.SECRET).keys() == {"kubernetes://cert"}
    for proxy in ("nobody", "client.b", "db-0.a"):
        assert not mesh.discovery.named(proxy, types.SECRET, names)


def test_without_an_answer_about_its_account_a_gateway_gets_roots_and_keeps_its_listener(mesh: Mesh) -> None:
    mesh.connect([ANOTHER_EDGE | {"secrets": None}])
    names = ["kubernetes://cert", "kubernetes://cert-cacert"]
    assert mesh.discovery.named("other", types.SECRET, names).keys() == {"kubernetes://cert-cacert"}
    assert "0.0.0.0_443" in mesh.discovery.wildcard("other", types.LISTENER)
    assert mesh.discovery.asks_for_keys("other")
    assert not mesh.discovery.problems()


def test_a_refused_account_s_servers_are_left_out_and_its_gateways_say_so(mesh: Mesh) -> None:
    mesh.connect([ANOTHER_EDGE | {"secrets": False}])
    assert not mesh.discovery.named("other", types.SECRET, ["kubernetes://cert"])
    assert not mesh.discovery.wildcard("other", types.LISTENER)
    assert "0.0.0.0_443" in mesh.discovery.wildcard("edge.b", types.LISTENER)
    (problem,) = mesh.discovery.problems()["Gateway", "b", "edge"]
    assert "service account edge may not list Secrets in namespace b of cluster cluster1" in str(problem)


def test_an_answer_of_another_cluster_is_none(mesh: Mesh) -> None:
    row = mesh.sources.proxies.get("edge.b")
    assert row is not None
    batch = Batch()
    batch.put(mesh.sources.proxies, row.id, replace(row, secret_access=SecretAccess("cluster2", "edge", True)))
    mesh.graph.apply(batch)
    assert not mesh.discovery.named("edge.b", types.SECRET, ["kubernetes://cert"])


def test_an_answer_that_turns_is_told(mesh: Mesh) -> None:
    unknown = mesh.sources.proxies.get("edge.b")
    assert unknown is not None
    told: list[dict[str, dict[str, set[str]]]] = []
    mesh.discovery.observe(lambda changes: told.append({proxy: dict(found) for proxy, found in changes.items()}))
    for access in (None, SecretAccess("cluster1", "edge", True), SecretAccess("cluster1", "edge", False)):
        batch = Batch()
        batch.put(mesh.sources.proxies, unknown.id, replace(unknown, secret_access=access))
        mesh.graph.apply(batch)
    assert told[:2] == [{"edge.b": {types.SECRET: {EVERY_NAME}}}] * 2
    assert told[2]["edge.b"].keys() >= {types.LISTENER, types.SECRET}


def test_a_secret_of_roots_gives_away_no_key(mesh: Mesh) -> None:
    mesh.connect([ANOTHER_EDGE | {"secrets": None}])
    metadata = {"name": "odd-cacert", "namespace": "b"}
    content = {"tls.crt": "c", "tls.key": "k"}
    mesh.apply({"cluster": "cluster1", "kind": "Secret", "metadata": metadata, "stringData": content})
    for proxy in ("edge.b", "other"):
        assert not mesh.discovery.named(proxy, types.SECRET, ["kubernetes://odd-cacert"])


def test_a_rotated_secret_is_told_to_gateways_of_its_namespace(mesh: Mesh) -> None:
    secret = {"cluster": "cluster1", "kind": "Secret", "metadata": {"name": "cert", "namespace": "b"}}
    told = heard(mesh, secret | {"stringData": {"tls.crt": "c2", "tls.key": "k", "ca.crt": "r"}})
    assert told["edge.b"] == {types.SECRET: {"kubernetes://cert"}}
    assert "client.b" not in told
    assert "db-0.a" not in told


def test_a_pod_of_a_headless_service_gets_no_listener_for_itself(mesh: Mesh) -> None:
    listeners = mesh.discovery.wildcard("db-0.a", types.LISTENER)
    assert "10.10.0.2_5432" in listeners
    assert "10.10.0.1_5432" not in listeners


def test_ports_of_the_proxy_itself_are_not_listened_on_twice(mesh: Mesh) -> None:
    assert "0.0.0.0_15021" not in mesh.discovery.wildcard("db-0.a", types.LISTENER)


def test_a_proxy_that_is_not_connected_gets_nothing(mesh: Mesh) -> None:
    assert mesh.discovery.wildcard("ghost", types.CLUSTER) == {}
    assert mesh.discovery.named("ghost", types.CLUSTER, ["PassthroughCluster"]) == {}
    assert mesh.discovery.wildcard("client.b", "type.googleapis.com/unknown") == {}


def test_a_proxy_that_changes_its_place_is_told_to_ask_anew(mesh: Mesh) -> None:
    sidecar = {"kind": "Sidecar", "metadata": {"name": "x", "namespace": "b"}, "spec": {"egress": [{"hosts": ["~/*"]}]}}
    told = heard(mesh, sidecar)
    assert told["client.b"][types.CLUSTER] == {"*"}
    assert "db-0.a" not in told


def test_proxies_that_are_alike_share_their_resources(mesh: Mesh) -> None:
    mesh.connect([{"pod": "b/client", "cluster": "cluster1", "id": "second"}])
    for type_url in (types.CLUSTER, types.ENDPOINT, types.LISTENER, types.ROUTE):
        first, second = (mesh.discovery.wildcard(proxy, type_url) for proxy in ("client.b", "second"))
        assert all(first[name] is second[name] for name in first)
