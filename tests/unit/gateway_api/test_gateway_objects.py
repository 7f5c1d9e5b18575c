"""What is made for a Gateway: ports, names, and changes by the user."""

from __future__ import annotations

from typing import Any

import pytest

from isthmus.api.config import Config
from isthmus.api.gateway_api.gateway import Address, Gateway, Infrastructure, Listener
from isthmus.deployment.objects import DeploymentError, Making, objects_for, ports_of
from isthmus.shipped import shipped

TEMPLATE = (shipped("charts/istiod/files") / "kube-gateway.yaml").read_text()
HTTP = Listener(name="http", port=80, protocol="HTTP")


def gateway(spec: Gateway, **metadata: Any) -> Config[Gateway]:
    labels, annotations = metadata.get("labels", {}), metadata.get("annotations", {})
    return Config("c1", "shop", "edge", "", labels, annotations, spec)


def made(found: Config[Gateway], *, template: str = TEMPLATE, **parameters: str) -> dict[str, dict[str, Any]]:
    making = Making("uid", template, {"global": {}}, "default", parameters)
    return {one["kind"]: one for one in objects_for(found, making)}


def spec(*listeners: Listener, **changes: Any) -> Gateway:
    return Gateway(gateway_class_name="istio", listeners=listeners or (HTTP,), **changes)


def test_listeners_of_one_port_share_it_and_names_are_made_to_fit() -> None:
    listeners = (
        HTTP,
        Listener(name="also.HTTP", port=80, protocol="HTTP"),
        Listener(name="a.b", port=81, protocol="HTTPS"),
        Listener(name="a-b", port=82, protocol="TCP"),
        Listener(name="udp", port=53, protocol="UDP"),
    )
    found = [(one["name"], one["port"], one["appProtocol"]) for one in ports_of(spec(*listeners))]
    assert found == [("status-port", 15021, "tcp"), ("http", 80, "http"), ("a-b", 81, "https"), ("a-b-2", 82, "tcp")]


def test_infrastructure_replaces_the_gateway_s_own_labels() -> None:
    metadata = {"labels": {"own": "1"}, "annotations": {"networking.istio.io/service-type": "ClusterIP", "note": "x"}}
    service = made(gateway(spec(), **metadata))["Service"]
    assert service["metadata"]["labels"]["own"] == "1"
    assert service["metadata"]["annotations"] == {"note": "x"}
    assert service["spec"]["type"] == "ClusterIP"
    infrastructure = Infrastructure(labels={"team": "edge"})
    service = made(gateway(spec(infrastructure=infrastructure), **metadata))["Service"]
    assert service["metadata"]["labels"]["team"] == "edge"
    assert "own" not in service["metadata"]["labels"]


def test_the_gateway_s_own_labels_cannot_lead_its_pods_astray() -> None:
    labels = {"gateway.networking.k8s.io/gateway-name": "other", "sidecar.istio.io/inject": "false"}
    pod = made(gateway(spec(), labels=labels))["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert pod["gateway.networking.k8s.io/gateway-name"] == "edge"
    assert pod["sidecar.istio.io/inject"] == "true"


def test_an_east_west_gateway_leads_into_its_own_network_only() -> None:
    found = made(gateway(spec(), labels={"topology.istio.io/network": "network1"}))
    container = found["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    assert container["env"] == [{"name": "ISTIO_META_REQUESTED_NETWORK_VIEW", "value": "network1"}]
    assert found["Service"]["metadata"]["labels"]["topology.istio.io/network"] == "network1"


def test_one_address_is_asked_of_the_load_balancer_and_the_name_may_be_another() -> None:
    wanted = spec(addresses=(Address(value="192.0.2.1"),))
    found = made(gateway(wanted, annotations={"gateway.istio.io/name-override": "ingress"}))
    assert found["Service"]["spec"]["loadBalancerIP"] == "192.0.2.1"
    assert {one["metadata"]["name"] for one in found.values()} == {"ingress"}


def test_patches_change_what_is_made_and_may_add_a_disruption_budget() -> None:
    patches = {"service": "spec: {externalTrafficPolicy: Local}", "podDisruptionBudget": "spec: {minAvailable: 1}"}
    found = made(gateway(spec()), **patches)
    assert found["Service"]["spec"]["externalTrafficPolicy"] == "Local"
    selector = {"matchLabels": {"gateway.networking.k8s.io/gateway-name": "edge"}}
    assert found["PodDisruptionBudget"]["spec"] == {"selector": selector, "minAvailable": 1}


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"template": "{{ fail"}, "injection template kube-gateway"),
        ({"deployment": "["}, "parametersRef, key deployment"),
        ({"service": "text"}, "key service: expected a map, a patch of a Service"),
    ],
)
def test_a_mistake_names_its_place(parameters: dict[str, str], says: str) -> None:
    with pytest.raises(DeploymentError, match=says):
        made(gateway(spec()), **parameters)
