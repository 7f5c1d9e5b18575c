"""Gateways of the Gateway API: whose pods carry them, and which keys those get."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mesh_files import Mesh, load

from isthmus.model.status import StatusKey
from isthmus.translate import types

CASES = Path(__file__).parents[2] / "cases"
GROUP = "gateway.networking.k8s.io/v1"


@pytest.fixture
def mesh() -> Mesh:
    return load(CASES / "listeners_of_the_gateway_api_end_tls_or_pass_it_on" / "input.yaml")[0]


def grant(name: str) -> dict[str, Any]:
    return {
        "apiVersion": GROUP,
        "kind": "ReferenceGrant",
        "metadata": {"name": name, "namespace": "certificates"},
        "spec": {
            "from": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "shop"}],
            "to": [{"group": "", "kind": "Secret"}],
        },
    }


SECRET = "kubernetes-gateway://certificates/shop-cert"


def test_a_key_of_another_namespace_goes_to_the_gateway_that_was_granted_it_and_to_nobody_else(mesh: Mesh) -> None:
    mesh.apply(
        {
            "cluster": "cluster1",
            "kind": "Pod",
            "metadata": {"name": "other", "namespace": "certificates"},
            "status": {"podIP": "10.10.0.9"},
        }
    )
    stranger, unproved = mesh.connect(
        [
            {"pod": "certificates/other", "cluster": "cluster1", "kind": "router"},
            {"id": "unproved", "pod": "shop/edge-1", "cluster": "cluster1", "kind": "router", "authenticated": False},
        ]
    )
    assert SECRET in mesh.discovery.named("edge-1.shop", types.SECRET, [SECRET])
    assert not mesh.discovery.named(stranger, types.SECRET, [SECRET])
    assert not mesh.discovery.named(unproved, types.SECRET, [SECRET])


def test_a_key_goes_when_its_grant_goes(mesh: Mesh) -> None:
    mesh.apply(grant("to-shop"), remove=True)
    assert not mesh.discovery.named("edge-1.shop", types.SECRET, [SECRET])
    listener = mesh.discovery.statuses()[StatusKey("Gateway", "shop", "edge")].listeners[0]
    assert [one.reason for one in listener.conditions if one.type == "ResolvedRefs"] == ["RefNotPermitted"]


def test_a_rotated_key_is_told_to_the_gateway_that_uses_it(mesh: Mesh) -> None:
    told: dict[str, Any] = {}
    mesh.discovery.observe(told.update)
    secret = {"cluster": "cluster1", "kind": "Secret", "metadata": {"name": "shop-cert", "namespace": "certificates"}}
    pair = {"tls.crt": "samples/certs/ca-cert.pem", "tls.key": "samples/certs/ca-key.pem"}
    mesh.apply(secret | {"files": pair, "stringData": {"ca.crt": "roots"}})
    assert told["edge-1.shop"][types.SECRET] == {f"{SECRET}-cacert"}


def test_gateways_of_classes_of_other_controllers_get_no_status(mesh: Mesh) -> None:
    taken = {
        "apiVersion": GROUP,
        "kind": "GatewayClass",
        "metadata": {"name": "istio"},
        "spec": {"controllerName": "example.com/other"},
    }
    mesh.apply(taken)
    assert mesh.discovery.statuses() == {}
    assert "0.0.0.0_443" not in mesh.discovery.wildcard("edge-1.shop", types.LISTENER)
