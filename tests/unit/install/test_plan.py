"""What an IstioOperator file leads to."""

import subprocess
from collections.abc import Iterable
from typing import Any

import pytest

from isthmus.gotemplate import yaml_text
from isthmus.install.default_revision import default_objects
from isthmus.install.errors import InstallError
from isthmus.install.manifests import Identity, identity, labelled, ordered
from isthmus.install.merge_order import Request
from isthmus.install.operator_file import parse
from isthmus.install.plan import Plan, plan
from isthmus.install.revision_tags import deactivated, is_injector
from isthmus.shipped import shipped

HEAD = "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\n"


def planned(spec: str = "", *settings: str) -> Plan:
    files = (parse(HEAD + spec, "test.yaml"),) if spec else ()
    return plan(Request(shipped("charts"), files, settings))


def named(objects: Iterable[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    return next(found for found in objects if (found["kind"], found["metadata"]["name"]) == (kind, name))


def container(deployment: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = deployment["spec"]["template"]["spec"]["containers"][0]
    return found


def test_the_default_profile_has_the_control_plane_and_an_ingress_gateway() -> None:
    kinds = [str(identity(found)) for found in planned().objects if found["kind"] == "Deployment"]
    assert kinds == ["Deployment istio-system/istiod", "Deployment istio-system/istio-ingressgateway"]


def test_cluster_network_and_mesh_reach_the_control_plane_and_the_injector() -> None:
    objects = planned(
        "spec: {values: {global: {meshID: mesh1, multiCluster: {clusterName: cluster1}, network: network1}}}"
    ).objects
    env = {entry["name"]: entry.get("value") for entry in container(named(objects, "Deployment", "istiod"))["env"]}
    assert env["CLUSTER_ID"] == "cluster1"
    values = yaml_text.load(named(objects, "ConfigMap", "istio-sidecar-injector")["data"]["values"])
    assert values["global"]["network"] == "network1"
    mesh = yaml_text.load(named(objects, "ConfigMap", "istio")["data"]["mesh"])
    assert mesh["defaultConfig"] == {"discoveryAddress": "istiod.istio-system.svc:15012", "meshId": "mesh1"}


def test_the_east_west_gateway_of_the_samples_is_one_injected_gateway() -> None:
    script = shipped("samples") / "multicluster/gen-eastwest-gateway.sh"
    arguments = ["--mesh", "mesh1", "--cluster", "cluster1", "--network", "network1"]
    text = subprocess.run([script, *arguments], capture_output=True, text=True, check=True).stdout
    found = plan(Request(shipped("charts"), (parse(text, "-"),)))
    assert found.owner.name == "eastwest"
    service = named(found.objects, "Service", "istio-eastwestgateway")
    assert [port["port"] for port in service["spec"]["ports"]] == [15021, 15443, 15012, 15017]
    assert service["metadata"]["labels"]["topology.istio.io/network"] == "network1"
    deployment = named(found.objects, "Deployment", "istio-eastwestgateway")
    assert container(deployment)["image"] == "auto"
    assert container(deployment)["env"] == [{"name": "ISTIO_META_REQUESTED_NETWORK_VIEW", "value": "network1"}]
    assert deployment["spec"]["template"]["metadata"]["annotations"]["inject.istio.io/templates"] == "gateway"


def test_the_script_says_what_is_missing() -> None:
    script = shipped("samples") / "multicluster/gen-eastwest-gateway.sh"
    for arguments in ([], ["--network"], ["--nonsense"]):
        run = subprocess.run([script, *arguments], capture_output=True, text=True, check=False)
        assert run.returncode == 1
        assert "Usage:" in run.stderr
        assert run.stdout == ""


def test_settings_of_kubernetes_land_where_they_belong() -> None:
    objects = planned(
        """spec:
  components:
    pilot:
      k8s:
        env: [{name: EXTERNAL_ISTIOD, value: "true"}]
        resources: {requests: {cpu: 7m}}
        nodeSelector: {disk: ssd}
        hpaSpec: {maxReplicas: 9}
        podAnnotations: {a: b}
        serviceAnnotations: {c: d}
        replicaCount: 3
        service: {type: LoadBalancer}
        tolerations: [{key: x}]
"""
    ).objects
    deployment = named(objects, "Deployment", "istiod")
    pod = deployment["spec"]["template"]
    assert {"name": "EXTERNAL_ISTIOD", "value": "true"} in container(deployment)["env"]
    assert container(deployment)["resources"]["requests"] == {"cpu": "7m", "memory": "128Mi"}
    assert (pod["spec"]["nodeSelector"], pod["spec"]["tolerations"]) == ({"disk": "ssd"}, [{"key": "x"}])
    assert pod["metadata"]["annotations"]["a"] == "b"
    assert deployment["spec"]["replicas"] == 3
    assert named(objects, "HorizontalPodAutoscaler", "istiod")["spec"]["maxReplicas"] == 9
    service = named(objects, "Service", "istiod")
    assert (service["spec"]["type"], service["metadata"]["annotations"]) == ("LoadBalancer", {"c": "d"})


def test_overlays_append_volumes_as_the_external_control_plane_guide_does() -> None:
    objects = planned(
        """spec:
  components:
    pilot:
      k8s:
        overlays:
        - kind: Deployment
          name: istiod
          patches:
          - path: spec.template.spec.volumes[100]
            value: |-
              name: config-volume
              configMap:
                name: istio
          - path: spec.template.spec.containers[name:discovery].args[0]
          - path: spec.template.metadata.annotations.note
            value: '{"json": "stays text"}'
"""
    ).objects
    deployment = named(objects, "Deployment", "istiod")
    pod = deployment["spec"]["template"]
    assert pod["spec"]["volumes"][-1] == {"name": "config-volume", "configMap": {"name": "istio"}}
    assert container(deployment)["args"][0] != "discovery"
    assert pod["metadata"]["annotations"]["note"] == '{"json": "stays text"}'


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (
            "spec: {components: {pilot: {k8s: {overlays: [{kind: Deployment, name: nope}]}}}}",
            r"spec.components.pilot.k8s.overlays\[0\]: there is no Deployment nope; this component has",
        ),
        (
            "spec: {components: {pilot: {k8s: {overlays: [{kind: Deployment, name: istiod, patches: "
            "[{path: 'spec.template.spec.containers[name:x].y', value: 1}]}]}}}}",
            r"overlays\[0\].patches\[0\]: path .* no element \[name:x\]",
        ),
        ("spec: {components: {ztunnel: {}}}", "spec.components.ztunnel: .* has no chart for this component"),
        (
            "spec: {values: {profile: nope}}",
            'unknown profile "nope": this chart has demo, external, preview, remote, stable',
        ),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_changed(spec: str, sentence: str) -> None:
    with pytest.raises(InstallError, match=sentence):
        planned(spec)


@pytest.mark.parametrize("spec", ["spec: {profile: ambient}", "spec: {values: {profile: openshift-ambient}}"])
def test_ambient_mode_is_refused_with_what_is_served_instead(spec: str) -> None:
    with pytest.raises(InstallError, match=r"ambient.* not served.* sidecars, for which .*default is meant"):
        planned(spec)


def test_the_external_profile_installs_the_webhook_that_asks_and_nothing_that_runs() -> None:
    found = planned("spec: {profile: external, values: {istiodRemote: {injectionURL: 'https://e/inject'}}}").objects
    assert {each["kind"] for each in found} == {
        "MutatingWebhookConfiguration",
        "ConfigMap",
        "ClusterRole",
        "ClusterRoleBinding",
    }
    assert [each["metadata"]["name"] for each in found if each["kind"] == "ConfigMap"] == ["values"]


def test_values_that_no_chart_uses_are_pointed_out() -> None:
    found = planned("spec: {values: {global: {netwrok: n}, pilot: {env: {ANY: 1}}, meshConfig: {any: 1}, mixer: {}}}")
    assert found.warnings == (
        "values.global.netwrok is used by no chart and has no effect; did you mean global.network?",
        "values.mixer is used by no chart and has no effect",
    )


def test_a_remote_cluster_has_no_control_plane_but_its_webhooks() -> None:
    objects = planned(
        "spec: {profile: remote, values: {istiodRemote: {injectionPath: /inject/cluster/c2/net/n2}, "
        "global: {remotePilotAddress: 192.0.2.7}}}"
    ).objects
    assert not [found for found in objects if found["kind"] in ("Deployment", "HorizontalPodAutoscaler")]
    injector = named(objects, "MutatingWebhookConfiguration", "istio-sidecar-injector")
    assert injector["webhooks"][0]["clientConfig"]["service"]["path"] == "/inject/cluster/c2/net/n2"
    endpoints = named(objects, "EndpointSlice", "istiod")
    assert endpoints["endpoints"] == [{"addresses": ["192.0.2.7"]}]


def test_an_external_control_plane_renders_the_webhooks_that_its_guide_prints() -> None:
    objects = planned(
        "spec: {profile: remote, values: {global: {istioNamespace: external-istiod, configCluster: true}, "
        "pilot: {configMap: true}, istiodRemote: {injectionURL: 'https://e:15017/inject/cluster/c/net/n'}, "
        "base: {validationURL: 'https://e:15017/validate'}}}",
        "values.defaultRevision=default",
    ).objects
    webhooks = {found["metadata"]["name"]: len(found["webhooks"]) for found in objects if "webhooks" in found}
    assert webhooks == {
        "istio-sidecar-injector-external-istiod": 4,
        "istio-validator-external-istiod": 1,
        "istiod-default-validator": 1,
    }


def test_a_revision_is_part_of_every_name_and_selector() -> None:
    objects = planned("", "revision=canary")
    names = {str(identity(found)) for found in objects.objects}
    assert "Deployment istio-system/istiod-canary" in names
    assert "MutatingWebhookConfiguration istio-sidecar-injector-canary" in names
    injector = named(objects.objects, "MutatingWebhookConfiguration", "istio-sidecar-injector-canary")
    assert [webhook["name"].split(".")[1] for webhook in injector["webhooks"]] == ["namespace", "object"]


def test_the_default_revision_is_a_tag_and_a_validator() -> None:
    objects = default_objects(planned())
    assert [found["metadata"]["name"] for found in objects] == [
        "istio-revision-tag-default",
        "istiod-default-validator",
    ]
    tag = objects[0]
    assert tag["metadata"]["labels"]["istio.io/tag"] == "default"
    assert [webhook["name"].partition("sidecar")[0] for webhook in tag["webhooks"]] == [
        "rev.namespace.",
        "rev.object.",
        "namespace.",
        "object.",
    ]
    assert all("caBundle" not in webhook["clientConfig"] for webhook in tag["webhooks"])


def test_no_revision_becomes_the_default_without_control_plane_or_webhooks() -> None:
    assert default_objects(planned("spec: {profile: empty}")) == ()
    assert default_objects(planned("spec: {values: {global: {operatorManageWebhooks: true}}}")) == ()


def test_the_injector_behind_a_default_tag_matches_nothing() -> None:
    injector = next(found for found in planned().objects if is_injector(found))
    never = {"matchLabels": {"istio.io/deactivated": "never-match"}}
    assert all(webhook["objectSelector"] == never for webhook in deactivated(injector)["webhooks"])


def test_objects_carry_the_labels_by_which_they_are_found_again() -> None:
    found = planned("metadata: {name: mine}\nspec: {profile: minimal}")
    labels = labelled(named(found.objects, "Service", "istiod"), found.owner, "Pilot")["metadata"]["labels"]
    assert (
        labels.items()
        >= {
            "operator.istio.io/managed": "Reconcile",
            "operator.istio.io/component": "Pilot",
            "install.operator.istio.io/owning-resource": "mine",
            "install.operator.istio.io/owning-resource-namespace": "istio-system",
            "istio.io/rev": "default",
        }.items()
    )


def test_objects_come_in_the_order_in_which_they_need_each_other() -> None:
    objects = [
        {"kind": kind, "metadata": {"name": "x"}}
        for kind in ("ValidatingWebhookConfiguration", "Other", "Deployment", "CustomResourceDefinition", "Namespace")
    ]
    assert [found["kind"] for found in ordered(objects)] == [
        "Namespace",
        "CustomResourceDefinition",
        "Deployment",
        "ValidatingWebhookConfiguration",
        "Other",
    ]
    assert str(Identity("Service", "ns", "x")) == "Service ns/x"


def test_the_node_agent_is_installed_with_its_values_and_injection_follows_it() -> None:
    found = planned("", "components.cni.enabled=true", "values.cni.excludeNamespaces={kube-system,other}")
    agent = named(found.objects, "DaemonSet", "istio-cni-node")
    assert agent["metadata"]["namespace"] == "istio-system"
    assert container(agent)["image"].startswith("docker.io/isthmus/install-cni:")
    settings = named(found.objects, "ConfigMap", "istio-cni-config")["data"]
    assert settings["EXCLUDE_NAMESPACES"] == "kube-system,other"
    injector = named(found.objects, "ConfigMap", "istio-sidecar-injector")["data"]["values"]
    assert yaml_text.load(injector)["pilot"]["cni"]["enabled"] is True


def test_ambient_settings_of_the_node_agent_are_pointed_out() -> None:
    found = planned("", "components.cni.enabled=true", "values.cni.ambient.enabled=true")
    assert any("values.cni.ambient" in warning for warning in found.warnings)
