"""What the mesh makes of Kubernetes objects of several clusters."""

from __future__ import annotations

import pytest
from kubernetes_objects import Mesh, endpoint_slice, pod, service

from isthmus.model.endpoint import Health
from isthmus.model.locality import Locality
from isthmus.model.network import NetworkGateway
from isthmus.model.service import Protocol, Resolution

HOST = "hello.sample.svc.cluster.local"


@pytest.fixture
def mesh() -> Mesh:
    return Mesh()


def root(network: str) -> str:
    return f"kind: Namespace\nmetadata: {{name: istio-system, labels: {{topology.istio.io/network: {network}}}}}"


def gateway_service(**changes: object) -> str:
    defaults: dict[str, object] = {
        "type": "LoadBalancer",
        "labels": {"topology.istio.io/network": "network2"},
        "ports": [{"name": "tls", "port": 15443, "nodePort": 31443}],
        "status": {"loadBalancer": {"ingress": [{"ip": "172.30.2.130"}]}},
    }
    return service("eastwest", **(defaults | changes))


def test_services_of_one_hostname_merge_and_the_own_cluster_comes_first(mesh: Mesh) -> None:
    mesh.apply("c0", service("hello", clusterIP="10.0.0.2", ports=[{"name": "grpc", "port": 7000}]))
    mesh.apply("c1", service("hello", clusterIP="10.0.0.1"))
    merged = mesh.domain.services.get(HOST)
    assert merged is not None
    assert merged.clusters == ("c1", "c0")
    assert [port.number for port in merged.ports] == [5000]
    assert merged.addresses("c0") == ("10.0.0.2",)
    assert merged.addresses("c9") == ("10.0.0.1",)


def test_a_service_of_a_remote_cluster_alone_is_a_service_of_the_mesh(mesh: Mesh) -> None:
    mesh.apply("c2", service("hello", clusterIP="10.0.0.2"))
    merged = mesh.domain.services.get(HOST)
    assert merged is not None
    assert merged.addresses("c1") == ("10.0.0.2",)


def test_a_service_without_cluster_ip_is_headless(mesh: Mesh) -> None:
    mesh.apply("c1", service("hello", clusterIP="None"))
    merged = mesh.domain.services.get(HOST)
    assert merged is not None
    assert merged.resolution is Resolution.HEADLESS
    assert merged.addresses("c1") == ()


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ({"name": "http-web", "port": 80}, Protocol.HTTP),
        ({"name": "grpc-web-x", "port": 80}, Protocol.GRPC_WEB),
        ({"name": "web", "port": 80}, Protocol.AUTO),
        ({"name": "web", "port": 80, "appProtocol": "kubernetes.io/h2c"}, Protocol.HTTP2),
        ({"name": "http", "port": 80, "appProtocol": "tcp"}, Protocol.TCP),
        ({"name": "db", "port": 3306}, Protocol.TCP),
        ({"name": "http", "port": 53, "protocol": "UDP"}, Protocol.UDP),
    ],
)
def test_the_protocol_of_a_port_is_declared_or_sniffed(mesh: Mesh, port: dict[str, object], expected: Protocol) -> None:
    mesh.apply("c1", service("hello", ports=[port]))
    merged = mesh.domain.services.get(HOST)
    assert merged is not None
    assert merged.ports[0].protocol is expected


def test_system_services_are_cluster_local(mesh: Mesh) -> None:
    mesh.apply("c1", service("hello"))
    mesh.apply("c1", "kind: Service\nmetadata: {name: istiod, namespace: istio-system}\nspec: {clusterIP: 10.0.0.9}")
    assert not getattr(mesh.domain.services.get(HOST), "cluster_local", None)
    assert getattr(mesh.domain.services.get("istiod.istio-system.svc.cluster.local"), "cluster_local", None)


def test_endpoints_of_all_clusters_stand_behind_one_hostname(mesh: Mesh) -> None:
    for cluster, ip in (("c1", "10.10.1.5"), ("c2", "10.10.1.5")):
        mesh.apply(cluster, pod("p", ip))
        mesh.apply(cluster, endpoint_slice("hello", ("p", ip)))
    endpoints = mesh.domain.endpoints.get(HOST)
    assert endpoints is not None
    assert [(entry.cluster, entry.address) for entry in endpoints.ports["http"]] == [
        ("c1", "10.10.1.5"),
        ("c2", "10.10.1.5"),
    ]
    assert endpoints.identities == ("spiffe://cluster.local/ns/sample/sa/hello",)


def test_an_endpoint_waits_for_its_pod(mesh: Mesh) -> None:
    mesh.apply("c1", endpoint_slice("hello", ("p", "10.10.1.5")))
    waiting = mesh.domain.endpoints.get(HOST)
    assert waiting is not None
    assert waiting.ports == {"http": ()}
    mesh.apply("c1", pod("p", "10.10.1.5"))
    known = mesh.domain.endpoints.get(HOST)
    assert known is not None
    assert [entry.address for entry in known.ports["http"]] == ["10.10.1.5"]


def test_an_endpoint_has_the_place_and_name_of_its_pod(mesh: Mesh) -> None:
    labels = "{topology.kubernetes.io/region: r1, topology.kubernetes.io/zone: z1}"
    mesh.apply("c1", f"kind: Node\nmetadata: {{name: n1, labels: {labels}}}")
    mesh.apply("c1", pod("p", "10.10.1.5", version="v1", **{"security.istio.io/tlsMode": "istio"}))
    mesh.apply("c1", endpoint_slice("hello", ("p", "10.10.1.5")))
    endpoints = mesh.domain.endpoints.get(HOST)
    assert endpoints is not None
    endpoint = endpoints.ports["http"][0]
    assert endpoint.locality == Locality("r1", "z1")
    assert endpoint.mtls
    assert (endpoint.workload, endpoint.canonical_name, endpoint.canonical_revision) == ("hello-v1-abc", "hello", "v1")


def test_an_unset_readiness_counts_as_ready_and_a_false_one_does_not(mesh: Mesh) -> None:
    mesh.apply("c1", pod("p", "10.10.1.5"))
    states = []
    for ready in (None, True, False):
        mesh.apply("c1", endpoint_slice("hello", ("p", "10.10.1.5"), ready=ready))
        endpoints = mesh.domain.endpoints.get(HOST)
        assert endpoints is not None
        states.append(endpoints.ports["http"][0].health)
    assert states == [Health.HEALTHY, Health.HEALTHY, Health.UNHEALTHY]


def test_the_network_is_the_pods_label_then_its_clusters_root_namespace_then_mesh_networks(mesh: Mesh) -> None:
    mesh.apply("c2", pod("p", "10.10.1.5"))
    mesh.apply("c2", endpoint_slice("hello", ("p", "10.10.1.5")))
    seen = []

    def note() -> None:
        endpoints = mesh.domain.endpoints.get(HOST)
        assert endpoints is not None
        seen.append(endpoints.ports["http"][0].network)

    note()
    mesh.set_networks({"by-range": {"endpoints": [{"fromCidr": "10.10.0.0/16"}]}})
    note()
    mesh.set_networks({"by-registry": {"endpoints": [{"fromRegistry": "c2"}]}})
    note()
    mesh.apply("c2", root("by-namespace"))
    note()
    mesh.apply("c2", pod("p", "10.10.1.5", **{"topology.istio.io/network": "by-pod"}))
    note()
    assert seen == ["", "by-range", "by-registry", "by-namespace", "by-pod"]


def test_a_labelled_load_balancer_service_is_a_gateway_of_its_network(mesh: Mesh) -> None:
    mesh.apply("c2", gateway_service())
    networks = mesh.domain.networks.get("")
    assert networks is not None
    assert networks.gateways == (NetworkGateway("172.30.2.130", 15443, "network2", "c2"),)
    mesh.apply("c2", gateway_service(status={}))
    assert getattr(mesh.domain.networks.get(""), "gateways", None) == ()


def test_a_labelled_service_without_the_gateway_port_is_no_gateway(mesh: Mesh) -> None:
    mesh.apply("c2", gateway_service(ports=[{"name": "tls", "port": 443}]))
    assert getattr(mesh.domain.networks.get(""), "gateways", None) == ()


def test_a_gateway_of_mesh_networks_is_taken_up_live_and_its_placeholder_is_not(mesh: Mesh) -> None:
    for address, expected in (("0.0.0.0", ()), ("10.1.1.1", (NetworkGateway("10.1.1.1", 443, "n2"),))):
        mesh.set_networks({"n2": {"gateways": [{"address": address, "port": 443}]}})
        assert getattr(mesh.domain.networks.get(""), "gateways", None) == expected


def test_a_gateway_by_hostname_is_there_once_the_name_is_resolved(mesh: Mesh) -> None:
    mesh.apply("c2", gateway_service(status={"loadBalancer": {"ingress": [{"hostname": "lb.example.com"}]}}))
    assert getattr(mesh.domain.networks.get(""), "gateways", None) == ()
    from isthmus.collections import Batch

    batch = Batch()
    batch.put(mesh.sources.names, "lb.example.com", ("192.0.2.1", "192.0.2.2"))
    mesh.graph.apply(batch)
    networks = mesh.domain.networks.get("")
    assert networks is not None
    assert [gateway.address for gateway in networks.gateways] == ["192.0.2.1", "192.0.2.2"]


def test_a_removed_cluster_takes_its_endpoints_and_services_with_it(mesh: Mesh) -> None:
    from isthmus.collections import Batch

    for cluster in ("c1", "c2"):
        mesh.apply(cluster, service("hello"))
        mesh.apply(cluster, pod("p", "10.10.1.5"))
        mesh.apply(cluster, endpoint_slice("hello", ("p", "10.10.1.5")))
    batch = Batch()
    for source in (mesh.sources.services, mesh.sources.pods, mesh.sources.slices):
        batch.replace(source, "c2", {})
    mesh.graph.apply(batch)
    endpoints, merged = mesh.domain.endpoints.get(HOST), mesh.domain.services.get(HOST)
    assert endpoints is not None
    assert merged is not None
    assert {entry.cluster for entry in endpoints.ports["http"]} == {"c1"}
    assert merged.clusters == ("c1",)


def test_a_slice_that_lost_its_last_endpoint_has_none(mesh: Mesh) -> None:
    mesh.apply("c1", pod("p", "10.10.1.5"))
    mesh.apply("c1", endpoint_slice("hello", ("p", "10.10.1.5")))
    null_list = endpoint_slice("hello").replace("endpoints: []", "endpoints: null")
    assert "null" in null_list
    mesh.apply("c1", null_list)
    endpoints = mesh.domain.endpoints.get(HOST)
    assert endpoints is not None
    assert endpoints.ports == {"http": ()}
