"""Core objects: what is projected, and what follows from it."""

import msgspec
import pytest

from isthmus.api.core_endpoint_slice import EndpointSlice
from isthmus.api.core_pod import Pod
from isthmus.api.core_secret import Secret
from isthmus.api.core_selector import Requirement, Selector
from isthmus.api.core_service import Service


def pod(**metadata: object) -> Pod:
    return msgspec.convert({"metadata": {"name": "web-7d4f-x", **metadata}}, Pod)


def owner(kind: str, name: str) -> list[dict[str, object]]:
    return [{"kind": kind, "name": name, "controller": True}]


@pytest.mark.parametrize(
    ("metadata", "workload"),
    [
        ({}, ("Pod", "web-7d4f-x")),
        ({"ownerReferences": owner("StatefulSet", "db")}, ("StatefulSet", "db")),
        (
            {"ownerReferences": owner("ReplicaSet", "web-7d4f"), "labels": {"pod-template-hash": "7d4f"}},
            ("Deployment", "web"),
        ),
        ({"ownerReferences": owner("ReplicaSet", "by-hand")}, ("ReplicaSet", "by-hand")),
        ({"ownerReferences": owner("Job", "report-28390000")}, ("CronJob", "report")),
        ({"ownerReferences": owner("Job", "report")}, ("Job", "report")),
        ({"ownerReferences": [{"kind": "Node", "name": "n"}]}, ("Pod", "web-7d4f-x")),
    ],
)
def test_the_workload_of_a_pod_is_what_its_user_wrote(metadata: dict[str, object], workload: tuple[str, str]) -> None:
    assert pod(**metadata).workload == workload


def test_a_change_that_is_not_projected_is_no_change() -> None:
    written = {
        "metadata": {"name": "p", "resourceVersion": "1", "managedFields": [{}], "annotations": {"other": "1"}},
        "status": {"conditions": [{"type": "Ready", "status": "True", "lastProbeTime": "1"}]},
    }
    before = msgspec.convert(written, Pod)
    written["metadata"] |= {"resourceVersion": "2", "managedFields": [], "annotations": {"other": "2"}}
    written["status"]["conditions"][0]["lastProbeTime"] = "2"  # type: ignore[index]
    assert msgspec.convert(written, Pod) == before
    assert before.ready


def test_a_pod_knows_its_addresses_and_named_ports() -> None:
    found = msgspec.convert(
        {
            "metadata": {"name": "p"},
            "spec": {
                "containers": [{"ports": [{"name": "web", "containerPort": 80, "protocol": "UDP"}]}],
                "initContainers": [{"ports": [{"name": "web", "containerPort": 8080}]}],
            },
            "status": {"podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}], "phase": "Running"},
        },
        Pod,
    )
    assert found.addresses == ("10.0.0.1", "fd00::1")
    assert found.named_port("web") == 8080
    assert found.named_port("web", "UDP") == 80
    assert found.named_port("other") is None
    assert not found.ready
    assert not found.terminal


def test_a_service_knows_its_addresses() -> None:
    found = msgspec.convert(
        {
            "metadata": {"name": "s"},
            "spec": {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1", "fd00::1"], "ports": [{"port": 80}]},
            "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}, {"hostname": "a.example"}, {}]}},
        },
        Service,
    )
    assert found.virtual_addresses == ("10.0.0.1", "fd00::1")
    assert found.load_balancer_addresses == ("192.0.2.1", "a.example")
    assert not found.headless


@pytest.mark.parametrize("written", [{"clusterIP": "None", "clusterIPs": ["None"]}, {"clusterIP": "None"}])
def test_a_headless_service_has_no_address(written: dict[str, object]) -> None:
    found = msgspec.convert({"metadata": {"name": "s"}, "spec": written}, Service)
    assert found.headless
    assert found.virtual_addresses == ()


def test_target_ports_are_numbers_or_names() -> None:
    ports = [{"port": 1, "targetPort": 8080}, {"port": 2, "targetPort": "web"}, {"port": 3}]
    found = msgspec.convert({"metadata": {"name": "s"}, "spec": {"ports": ports}}, Service)
    assert [port.target_port for port in found.spec.ports] == [8080, "web", None]


def test_readiness_that_nobody_reported_is_unknown() -> None:
    written = {
        "metadata": {"labels": {"kubernetes.io/service-name": "web"}},
        "endpoints": [{"addresses": ["10.0.0.1"]}],
    }
    found = msgspec.convert(written, EndpointSlice)
    assert found.endpoints[0].conditions.ready is None
    assert found.service == "web"


def test_a_secret_is_decoded_and_never_printed() -> None:
    found = msgspec.json.decode(b'{"metadata":{"name":"s","namespace":"n"},"data":{"token":"c2VzYW1l"}}', type=Secret)
    assert found.data == {"token": b"sesame"}
    assert "sesame" not in repr(found)
    assert repr(found) == "Secret(n/s: token)"


def test_selectors_follow_kubernetes_rules() -> None:
    labels = {"a": "1"}
    holds = {
        ("a", "In", ("1", "2")): True,
        ("a", "In", ("2",)): False,
        ("b", "In", ("1",)): False,
        ("a", "NotIn", ("2",)): True,
        ("b", "NotIn", ("1",)): True,
        ("a", "NotIn", ("1",)): False,
        ("a", "Exists", ()): True,
        ("b", "Exists", ()): False,
        ("a", "DoesNotExist", ()): False,
        ("b", "DoesNotExist", ()): True,
    }
    for (key, operator, values), expected in holds.items():
        assert Requirement(key=key, operator=operator, values=values).holds(labels) is expected
    assert Selector().selects({})
    assert not Selector(match_labels={"a": "2"}).selects(labels)
