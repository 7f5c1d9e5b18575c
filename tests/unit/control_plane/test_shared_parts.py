"""Rows that share what they have in common, and say the same as before."""

from __future__ import annotations

from typing import Any

import msgspec

from isthmus.api.core_endpoint_slice import EndpointSlice
from isthmus.api.core_pod import Pod
from isthmus.control_plane.shared_parts import shared_pod, shared_slice


def pod(name: str, **status: Any) -> Pod:
    body = {
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": f"uid-{name}",
            "generateName": "web-",
            "labels": {"app": "web", "version": "v1"},
            "annotations": {"sidecar.istio.io/status": '{"revision":"default"}'},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "web-1", "controller": True}],
        },
        "spec": {
            "nodeName": "node1",
            "serviceAccountName": "web",
            "containers": [{"name": "app", "ports": [{"name": "http", "containerPort": 8080}]}],
        },
        "status": {
            "phase": "Running",
            "podIP": "10.0.0.1",
            "podIPs": [{"ip": "10.0.0.1"}],
            "conditions": [{"type": "Ready", "status": "True"}],
            **status,
        },
    }
    return msgspec.json.decode(msgspec.json.encode(body), type=Pod)


def endpoints(*names: str) -> EndpointSlice:
    def endpoint(name: str) -> dict[str, Any]:
        target = {"kind": "Pod", "namespace": "shop", "name": name, "uid": f"uid-{name}"}
        ready = {"ready": True, "serving": True, "terminating": False}
        return {"addresses": [f"10.0.0.{len(name)}"], "conditions": ready, "nodeName": "node1", "targetRef": target}

    body = {"metadata": {"name": "web-1", "namespace": "shop"}, "endpoints": [endpoint(name) for name in names]}
    return msgspec.json.decode(msgspec.json.encode(body), type=EndpointSlice)


def test_pods_of_one_workload_share_what_is_equal() -> None:
    whole = pod("web-a"), pod("web-b")
    one, other = map(shared_pod, whole)
    assert (one, other) == whole
    assert one.metadata.labels is other.metadata.labels
    assert one.metadata.annotations is other.metadata.annotations
    assert one.metadata.owner_references is other.metadata.owner_references
    assert one.metadata.namespace is other.metadata.namespace
    assert one.spec.containers is other.spec.containers
    assert one.status.conditions is other.status.conditions


def test_a_pod_that_differs_keeps_its_own() -> None:
    ready, other = shared_pod(pod("web-a")), pod("web-b", conditions=[{"type": "Ready", "status": "False"}])
    assert shared_pod(other) == other
    assert (ready.ready, shared_pod(other).ready) == (True, False)


def test_endpoints_of_a_slice_share_what_is_equal() -> None:
    whole = endpoints("web-a", "web-bb")
    shared = shared_slice(whole)
    assert shared == whole
    one, other = shared.endpoints
    assert one.conditions is other.conditions
    assert one.node_name is other.node_name
    assert one.target_ref is not None
    assert other.target_ref is not None
    assert one.target_ref.namespace is other.target_ref.namespace


def test_a_slice_without_endpoints_stays_as_it_is() -> None:
    empty = endpoints()
    assert shared_slice(empty) is empty
