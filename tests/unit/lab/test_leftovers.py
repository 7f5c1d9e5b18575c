"""What counts as left by a mesh, and what every fresh cluster has."""

import pytest

from isthmus.kube import kinds
from isthmus.kube.kinds import Kind
from isthmus.lab.leftovers import Metadata, reason

GATEWAY = Kind("gateway.networking.k8s.io", "v1", "gatewayclasses", "GatewayClass", namespaced=False)
VOLUME = Kind("", "v1", "persistentvolumes", "PersistentVolume", namespaced=False)


@pytest.mark.parametrize(
    ("kind", "metadata"),
    [
        (kinds.NAMESPACE, Metadata("sample")),
        (kinds.NAMESPACE, Metadata("default", labels={"istio-injection": "enabled"})),
        (kinds.NAMESPACE, Metadata("default", annotations={"topology.istio.io/controlPlaneClusters": "*"})),
        (kinds.CONFIG_MAP, Metadata("istio-ca-root-cert", "kube-system")),
        (kinds.MUTATING_WEBHOOK, Metadata("istio-revision-tag-default")),
        (kinds.CLUSTER_ROLE, Metadata("reader", labels={"install.operator.istio.io/owning-resource": "x"})),
        (kinds.CLUSTER_ROLE_BINDING, Metadata("x", labels={"app": "istio-reader"})),
        (kinds.CUSTOM_RESOURCE_DEFINITION, Metadata("gateways.networking.istio.io")),
        (kinds.DEPLOYMENT, Metadata("sleep", "default")),
        (GATEWAY, Metadata("some-class")),
        (VOLUME, Metadata("pvc-1")),
    ],
)
def test_what_a_mesh_or_a_guide_made_is_left(kind, metadata):
    assert reason(kind, metadata)


@pytest.mark.parametrize(
    ("kind", "metadata"),
    [
        (kinds.NAMESPACE, Metadata("kube-system", labels={"kubernetes.io/metadata.name": "kube-system"})),
        (kinds.SERVICE, Metadata("kubernetes", "default")),
        (kinds.ENDPOINT_SLICE, Metadata("any", "default", {"kubernetes.io/service-name": "kubernetes"})),
        (kinds.CONFIG_MAP, Metadata("kube-root-ca.crt", "default")),
        (kinds.DEPLOYMENT, Metadata("coredns", "kube-system")),
        (kinds.CLUSTER_ROLE, Metadata("system:node")),
        (
            kinds.CUSTOM_RESOURCE_DEFINITION,
            Metadata("gateways.gateway.networking.k8s.io", annotations={"gateway.networking.k8s.io/channel": "x"}),
        ),
        (kinds.CUSTOM_RESOURCE_DEFINITION, Metadata("v1.gateway.networking.k8s.io")),
    ],
)
def test_what_every_cluster_has_is_not(kind, metadata):
    assert not reason(kind, metadata)


def test_a_namespace_stands_for_everything_in_it():
    assert not reason(kinds.CONFIG_MAP, Metadata("istio-ca-root-cert", "sample"))
