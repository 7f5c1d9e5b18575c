"""Gateways of the Gateway API that tell by their addresses where another network is reached."""

from __future__ import annotations

from typing import Any

import pytest

from isthmus.api.config import Config
from isthmus.api.gateway_api.gateway import Address, Gateway, Listener, ListenerTls
from isthmus.derive.gateways_of_networks import UnresolvedGateway, addressed_gateways

PASSES = ListenerTls(mode="Passthrough", options={"gateway.istio.io/listener-protocol": "auto-passthrough"})
MESH = Listener(name="mesh", port=15443, protocol="TLS", tls=ListenerTls(mode="Passthrough"))


def gateway(*listeners: Listener, cluster: str = "c1", **changes: Any) -> Config[Gateway]:
    labels = {"topology.istio.io/network": "network2"} | changes.pop("labels", {})
    addresses = (Address(value="192.0.2.1"), Address(type="Hostname", value="gw.example.com"))
    spec = Gateway(gateway_class_name=changes.get("gateway_class", "istio-remote"), listeners=listeners)
    return Config(cluster, "istio-system", "x", "", labels, {}, Gateway(**{**_fields(spec), "addresses": addresses}))


def _fields(spec: Gateway) -> dict[str, Any]:
    return {"gateway_class_name": spec.gateway_class_name, "listeners": spec.listeners}


def test_every_address_is_a_gateway_at_each_port_that_passes_mesh_mtls_on() -> None:
    other = Listener(name="other", port=9443, protocol="TLS", tls=PASSES)
    plain = Listener(name="plain", port=80, protocol="HTTP")
    found = addressed_gateways(gateway(MESH, other, plain), "c1")
    assert set(found) == {
        UnresolvedGateway(host, port, "network2", "c1")
        for host in ("192.0.2.1", "gw.example.com")
        for port in (15443, 9443)
    }


def test_the_port_may_be_another_one() -> None:
    other = Listener(name="other", port=443, protocol="TLS")
    found = addressed_gateways(gateway(MESH, other, labels={"networking.istio.io/gatewayPort": "443"}), "c1")
    assert {one.port for one in found} == {443}


def test_an_hbone_listener_is_a_gateway_for_hbone() -> None:
    found = addressed_gateways(gateway(Listener(name="hbone", port=15008, protocol="HBONE")), "c1")
    assert {(one.port, one.hbone_port) for one in found} == {(0, 15008)}


@pytest.mark.parametrize(
    ("cluster", "gateway_class", "counts"),
    [
        ("c1", "istio-remote", True),
        ("c2", "istio-remote", False),
        ("c2", "istio", True),
    ],
)
def test_gateways_that_run_elsewhere_are_declared_in_the_own_cluster(
    cluster: str, gateway_class: str, counts: bool
) -> None:
    assert bool(addressed_gateways(gateway(MESH, cluster=cluster, gateway_class=gateway_class), "c1")) is counts


def test_without_the_label_it_is_no_gateway_of_a_network() -> None:
    assert addressed_gateways(gateway(MESH, labels={"topology.istio.io/network": ""}), "c1") == ()
