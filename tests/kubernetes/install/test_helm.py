"""The same charts and values give the same objects here and in the real Helm."""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from isthmus.gotemplate import yaml_text
from isthmus.install.chart import load
from isthmus.install.chart_objects import Release
from isthmus.install.manifests import identity
from isthmus.install.render import objects
from isthmus.install.value_tree import parse_setting, set_path
from isthmus.lab.binaries import ensure
from isthmus.shipped import shipped

CASES = Path(__file__).parents[2] / "unit/gotemplate"

VALUE_SETS = [
    ("base", ()),
    ("base", ("defaultRevision=",)),
    ("base", ("defaultRevision=canary", "base.validationURL=https://x/validate", "global.imagePullSecrets={a,b}")),
    ("base", ("global.resourceScope=namespace",)),
    ("base", ("profile=stable",)),
    ("base", ("base.excludedCRDs={gateways.networking.istio.io}",)),
    ("istiod", ()),
    ("istiod", ("profile=demo",)),
    ("istiod", ("profile=stable",)),
    ("istiod", ("profile=external", "istiodRemote.injectionURL=https://x/inject")),
    ("istiod", ("profile=preview", "global.platform=openshift")),
    ("istiod", ("profile=remote", "global.remotePilotAddress=192.0.2.7", "istiodRemote.injectionPath=/inject/net/n2")),
    ("istiod", ("profile=remote", "global.remotePilotAddress=istiod.example.com")),
    (
        "istiod",
        (
            "profile=remote",
            "global.configCluster=true",
            "configMap=true",
            "istiodRemote.injectionURL=https://x:15017/inject",
            "istiodRemote.injectionCABundle=Y2E=",
        ),
    ),
    ("istiod", ("revision=canary", "revisionTags={prod,default}")),
    (
        "istiod",
        (
            "global.meshID=mesh1",
            "global.multiCluster.clusterName=cluster1",
            "global.network=network1",
            "global.meshNetworks.network1.gateways[0].port=15443",
            "meshConfig.accessLogFile=/dev/stdout",
            "meshConfig.defaultConfig.holdApplicationUntilProxyStarts=true",
            "env.ANY=1",
            "pilot.env.OTHER=true",
            "pilot.traceSampling=100",
        ),
    ),
    ("istiod", ("autoscaleEnabled=false", "replicaCount=3", "global.networkPolicy.enabled=true", "ipFamilies={IPv4}")),
    (
        "istiod",
        (
            "global.operatorManageWebhooks=true",
            "global.configValidation=false",
            "global.omitSidecarInjectorConfigMap=true",
            "global.certSigners={a.b/c}",
            "jwksResolverExtraRootCA=pem",
        ),
    ),
    ("istiod", ("sidecarInjectorWebhook.enableNamespacesByDefault=true", "sidecarInjectorWebhook.templates.x=abc")),
    ("cni", ()),
    ("cni", ("global.platform=openshift", "global.imagePullSecrets={a}", "global.networkPolicy.enabled=true")),
    ("cni", ("global.platform=gke", "cni.repair.deletePods=true", "cni.excludeNamespaces={a,b}", "env.A=b")),
    ("cni", ("repair.labelPods=true", "istioOwnedCNIConfig=true", "global.nativeNftables=true", "image=r/x:1")),
    ("cni", ("global.resourceScope=cluster", "revision=canary")),
    ("gateway", ()),
    ("gateway", ("networkGateway=network1", "env.A=b", "labels.app=own", "revision=canary")),
    (
        "gateway",
        ("kind=DaemonSet", "service.type=None", "unprivilegedPort=false", "podDisruptionBudget.minAvailable=1"),
    ),
    ("gateways", ()),
    ("gateways", ("gateway=istio-egressgateway", "profile=demo", "global.network=n")),
    (
        "gateways",
        (
            "gateways.istio-ingressgateway.injectionTemplate=gateway",
            "gateways.istio-ingressgateway.env.ISTIO_META_NETWORK=n",
            "gateways.istio-ingressgateway.serviceAnnotations.a=b",
            "gateways.istio-ingressgateway.labels.extra=label",
        ),
    ),
    ("operator", ()),
    (
        "operator",
        (
            "hub=example.com/x",
            "tag=7",
            "defaultProfile=openshift",
            "imagePullPolicy=Always",
            "imagePullSecrets={a}",
            "podLabels.extra=label",
            "podAnnotations.a=b",
            "nodeSelector.kubernetes\\.io/os=linux",
            "priorityClassName=high",
        ),
    ),
    ("operator", ("enableCRDTemplates=false", "image=example.com/own:1")),
]


LEGACY_SETS = [
    ("istio", ()),
    (
        "istio",
        (
            "global.mtls.enabled=true",
            "global.enableTracing=false",
            "security.selfSigned=false",
            "mixer.policy.enabled=false",
            "global.controlPlaneSecurityEnabled=true",
            "gateways.istio-egressgateway.enabled=true",
            "global.meshExpansion.enabled=true",
            "global.meshNetworks.network2.endpoints[0].fromRegistry=remote_kubecfg",
            "pilot.traceSampling=100",
        ),
    ),
    ("istio-remote", ("global.remotePilotAddress=10.10.0.7", "global.remotePolicyAddress=")),
    (
        "istio-remote",
        (
            "gateways.enabled=true",
            "gateways.istio-ingressgateway.env.ISTIO_META_NETWORK=network2",
            "global.network=network2",
            "global.controlPlaneSecurityEnabled=true",
            "global.remotePilotAddress=pilot.example.com",
            "sidecarInjectorWebhook.enabled=false",
        ),
    ),
    ("istio-init", ()),
]
LEGACY = shipped("install") / "kubernetes/helm"


@pytest.fixture(scope="module")
def helm() -> Path:
    return ensure(["helm"])["helm"]


def by_identity(found: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {str(identity(each)): each for each in found if each}


@pytest.mark.parametrize(("chart", "settings"), VALUE_SETS, ids=[f"{name} {' '.join(s)}" for name, s in VALUE_SETS])
def test_a_chart_renders_to_the_objects_that_helm_renders(helm: Path, chart: str, settings: tuple[str, ...]) -> None:
    compare(helm, shipped("charts") / chart, settings)


@pytest.mark.parametrize(("chart", "settings"), LEGACY_SETS, ids=[f"{name} {' '.join(s)}" for name, s in LEGACY_SETS])
def test_a_chart_with_values_of_istio_1_1_renders_to_the_objects_that_helm_renders(
    helm: Path, chart: str, settings: tuple[str, ...]
) -> None:
    compare(helm, LEGACY / chart, settings)


def compare(helm: Path, directory: Path, settings: tuple[str, ...]) -> None:
    values: dict[str, Any] = {}
    for setting in settings:
        set_path(values, *parse_setting(setting))
    command = [helm, "template", "istio", directory, "--namespace", "mesh-system", "--values", "-"]
    text = subprocess.run(command, input=yaml_text.dump(values), capture_output=True, text=True, check=True).stdout
    expected = by_identity(yaml_text.load_all(text))
    assert by_identity(objects(load(directory), values, Release("istio", "mesh-system"))) == expected


def test_helm_finds_nothing_to_complain_about(helm: Path) -> None:
    directories = [shipped("charts") / name for name in ("base", "istiod", "cni", "gateway", "gateways", "operator")]
    directories += [LEGACY / name for name in ("istio", "istio-remote", "istio-init")]
    run = subprocess.run([helm, "lint", *directories], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    assert "[WARNING]" not in run.stdout


def write_oracle(directory: Path, templates: dict[str, str]) -> Path:
    (directory / "templates").mkdir(parents=True)
    (directory / "Chart.yaml").write_text("apiVersion: v2\nname: t\nversion: 0.1.0\n")
    (directory / "values.yaml").write_text((CASES / "helm_values.yaml").read_text())
    for name, text in templates.items():
        (directory / "templates" / name).write_text(text)
    return directory


def test_the_recorded_templates_are_what_helm_makes_of_them(helm: Path, tmp_path: Path) -> None:
    cases = [case for case in yaml_text.load((CASES / "helm_cases.yaml").read_text()) if "output" in case]
    templates = {f"_{index}.tpl": case["template"] for index, case in enumerate(cases)}
    for index in range(len(cases)):
        # `set` and `unset` of one case must not be seen by the next
        include = f'{{{{ include "t/templates/_{index}.tpl" (deepCopy (omit . "Files" "Capabilities")) | toJson }}}}'
        templates[f"{index}.yaml"] = f"out: {include}\n"
    chart = write_oracle(tmp_path / "t", templates)
    text = subprocess.run([helm, "template", "rel", chart], capture_output=True, text=True, check=True).stdout
    outputs = {}
    for document in text.split("---\n# Source: t/templates/")[1:]:
        name, _, body = document.partition(".yaml\nout: ")
        outputs[int(name)] = json.loads(body)
    assert [outputs[index] for index in range(len(cases))] == [case["output"] for case in cases]


def test_the_recorded_mistakes_are_mistakes_to_helm(helm: Path, tmp_path: Path) -> None:
    cases = [case for case in yaml_text.load((CASES / "helm_cases.yaml").read_text()) if "fails" in case]
    for index, case in enumerate(cases):
        chart = write_oracle(tmp_path / str(index), {"x.yaml": case["template"]})
        run = subprocess.run([helm, "template", "rel", chart], capture_output=True, text=True, check=False)
        assert run.returncode != 0, case["template"]
        assert case["fails"] in run.stderr
