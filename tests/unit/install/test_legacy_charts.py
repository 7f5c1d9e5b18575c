"""Values of Istio 1.1 mean what they meant, in the words of today's charts."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from isthmus import __version__
from isthmus.install.chart import load
from isthmus.install.chart_objects import Release
from isthmus.install.render import objects, render
from isthmus.install.value_tree import parse_setting, set_path
from isthmus.shipped import shipped

HELM = shipped("install") / "kubernetes/helm"
Found = dict[tuple[str, str], dict[str, Any]]
MESH, PILOT, GATEWAY = ("ConfigMap", "istio"), ("Service", "istio-pilot"), ("Deployment", "istio-ingressgateway")


def found(chart: str, *settings: str) -> Found:
    """The objects of a chart by kind and name."""
    values: dict[str, Any] = {}
    for setting in settings:
        set_path(values, *parse_setting(setting))
    rendered = objects(load(HELM / chart), values, Release("istio", "istio-system"))
    return {(each["kind"], each["metadata"]["name"]): each for each in rendered}


def mesh(objects: Found) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load(objects[MESH]["data"]["mesh"])
    return config


def environment(deployment: dict[str, Any]) -> dict[str, str]:
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    return {each["name"]: each.get("value", "") for each in container["env"]}


@pytest.mark.parametrize("name", ["istio", "istio-remote", "istio-init"])
def test_a_chart_has_the_version_of_the_package(name: str) -> None:
    assert load(HELM / name).metadata["version"] == __version__


def test_without_mutual_tls_calls_are_in_plain_text_and_with_it_nothing_else_is_taken() -> None:
    assert mesh(found("istio"))["enableAutoMtls"] is False
    secured = found("istio", "global.mtls.enabled=true")
    assert mesh(secured)["enableAutoMtls"] is True
    assert secured["PeerAuthentication", "default"]["spec"] == {"mtls": {"mode": "STRICT"}}


@pytest.mark.parametrize(("enabled", "port"), [("true", 15011), ("false", 15010)])
def test_control_plane_security_chooses_the_port_that_remote_proxies_use(enabled: str, port: int) -> None:
    settings = ("global.remotePilotAddress=10.10.0.7", f"global.controlPlaneSecurityEnabled={enabled}")
    remote = found("istio-remote", *settings, "gateways.enabled=true")
    address = f"istio-pilot.istio-system.svc:{port}"
    assert mesh(remote)["defaultConfig"]["discoveryAddress"] == address
    assert address in environment(remote[GATEWAY])["PROXY_CONFIG"]


def test_the_control_planes_address_stands_behind_a_name_that_follows_it() -> None:
    remote = found("istio-remote", "global.remotePilotAddress=10.10.0.7")
    assert remote[PILOT]["spec"]["clusterIP"] == "None"
    (subset,) = remote["Endpoints", "istio-pilot"]["subsets"]
    assert subset["addresses"] == [{"ip": "10.10.0.7"}]
    assert {port["port"] for port in subset["ports"]} == {15010, 15011, 8080, 15014}
    by_name = found("istio-remote", "global.remotePilotAddress=pilot.example.com")
    assert by_name[PILOT]["spec"]["externalName"] == "pilot.example.com"
    assert ("Endpoints", "istio-pilot") not in by_name


def test_the_control_plane_serves_the_port_that_the_name_promises() -> None:
    local = found("istio")
    (container,) = local["Deployment", "istiod"]["spec"]["template"]["spec"]["containers"]
    assert "--legacy-secure-grpc-address=:15011" in container["args"]
    assert local[PILOT]["spec"]["selector"] == {"app": "istiod", "istio": "pilot"}
    (settings,) = mesh(local)["serviceSettings"]
    assert settings == {"settings": {"clusterLocal": True}, "hosts": ["istio-pilot.istio-system.svc.cluster.local"]}


@pytest.mark.parametrize(("self_signed", "optional"), [("true", True), ("false", False)])
def test_without_self_signing_the_plugged_in_authority_must_be_there(self_signed: str, optional: bool) -> None:
    local = found("istio", f"security.selfSigned={self_signed}")
    volumes = local["Deployment", "istiod"]["spec"]["template"]["spec"]["volumes"]
    assert [each["secret"]["optional"] for each in volumes if each["name"] == "cacerts"] == [optional]


def test_gateways_are_rendered_where_they_are_enabled() -> None:
    assert GATEWAY in found("istio")
    assert ("Deployment", "istio-egressgateway") in found("istio", "gateways.istio-egressgateway.enabled=true")
    assert GATEWAY not in found("istio", "gateways.enabled=false")
    assert GATEWAY not in found("istio", "gateways.istio-ingressgateway.enabled=false")
    assert GATEWAY not in found("istio-remote")


def test_networks_of_sidecars_and_gateways_are_their_own_values() -> None:
    setting = "gateways.istio-ingressgateway.env.ISTIO_META_NETWORK=edge"
    remote = found("istio-remote", "gateways.enabled=true", "global.network=inner", setting)
    assert environment(remote[GATEWAY])["ISTIO_META_NETWORK"] == "edge"
    assert '"network": "inner"' in remote["ConfigMap", "istio-sidecar-injector"]["data"]["values"]


def test_listed_networks_are_those_of_the_mesh() -> None:
    local = found("istio", "global.meshNetworks.network2.gateways[0].address=0.0.0.0")
    networks = yaml.safe_load(local[MESH]["data"]["meshNetworks"])
    assert networks == {"networks": {"network2": {"gateways": [{"address": "0.0.0.0"}]}}}


def test_mesh_expansion_opens_the_ingress_gateway_for_discovery() -> None:
    local = found("istio", "global.meshExpansion.enabled=true")
    ports = {port["port"] for port in local["Service", "istio-ingressgateway"]["spec"]["ports"]}
    assert {443, 15011, 8060} <= ports
    servers = local["Gateway", "meshexpansion-gateway"]["spec"]["servers"]
    assert {server["port"]["number"] for server in servers} == {15011, 8060}
    assert {server["port"]["protocol"] for server in servers} == {"TCP"}
    assert ("Gateway", "meshexpansion-gateway") not in found("istio")


def test_a_remote_cluster_injects_and_signs_by_itself_but_holds_no_configuration() -> None:
    remote = found("istio-remote", "global.remotePilotAddress=10.10.0.7", "global.mtls.enabled=true")
    assert ("Deployment", "istiod") in remote
    assert ("MutatingWebhookConfiguration", "istio-sidecar-injector") in remote
    kinds = {kind for kind, _ in remote}
    assert not kinds & {"PeerAuthentication", "Gateway", "ValidatingWebhookConfiguration"}


def test_the_webhook_can_be_left_out_and_the_templates_stay() -> None:
    remote = found("istio-remote", "sidecarInjectorWebhook.enabled=false")
    assert ("ConfigMap", "istio-sidecar-injector") in remote
    assert "MutatingWebhookConfiguration" not in {kind for kind, _ in remote}


def test_the_reading_account_names_its_token() -> None:
    for chart in ("istio", "istio-remote"):
        objects = found(chart)
        assert objects["ServiceAccount", "istio-multi"]["secrets"] == [{"name": "istio-multi-token"}]
        binding = objects["ClusterRoleBinding", "istio-reader-clusterrole-istio-system"]
        assert binding["subjects"][0]["name"] == "istio-multi"


def test_what_has_no_effect_any_more_is_said_in_the_output() -> None:
    values = {"mixer": {"policy": {"enabled": False}}, "global": {"remoteZipkinAddress": ""}}
    text = render(load(HELM / "istio"), values, Release("istio", "istio-system"))["istio/templates/warnings.yaml"]
    lines = text.strip().splitlines()
    assert [line.partition(" has no effect")[0] for line in lines] == [
        "# Warning: global.remoteZipkinAddress",
        "# Warning: mixer",
    ]


def test_values_of_today_win_over_those_of_then() -> None:
    local = found("istio", "meshConfig.accessLogFile=/tmp/log", "meshConfig.enableAutoMtls=true", "revision=canary")
    assert mesh_of(local, "istio-canary")["accessLogFile"] == "/tmp/log"
    assert mesh_of(local, "istio-canary")["enableAutoMtls"] is True


def mesh_of(objects: Found, name: str) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load(objects["ConfigMap", name]["data"]["mesh"])
    return config


def test_both_charts_start_from_the_same_values() -> None:
    local, remote = (yaml.safe_load((HELM / name / "values.yaml").read_text()) for name in ("istio", "istio-remote"))
    assert local["global"]["proxy"] == remote["global"]["proxy"]
    assert local["gateways"]["istio-ingressgateway"] == remote["gateways"]["istio-ingressgateway"]
    assert set(local) == set(remote)


def test_crds_come_in_files_that_client_side_apply_can_take() -> None:
    (file,) = (HELM / "istio-init/files").glob("crd*yaml")
    documents = [each for each in yaml.load_all(file.read_text(), Loader=yaml.CSafeLoader) if each]
    assert len(documents) == 15
    assert all(len(json.dumps(each)) < 256 * 1024 for each in documents), "kubectl keeps the whole in an annotation"
