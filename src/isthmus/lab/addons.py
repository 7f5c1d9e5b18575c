"""Kubernetes objects that every cluster of a lab gets: CoreDNS, as a cluster's own DNS.

Knows Kubernetes objects. Pure.
"""

from pathlib import Path
from typing import Any

from isthmus.lab.addresses import CLUSTER_DNS, Plan
from isthmus.lab.configuration import COREDNS_IMAGE, NAMES_DIRECTORY, corefile

_NAMESPACE = "kube-system"
_LABELS = {"k8s-app": "kube-dns"}
_GROUP = "rbac.authorization.k8s.io"


def objects(plan: Plan, names: Path) -> tuple[dict[str, Any], ...]:
    """CoreDNS with its access rights, configuration and Service, in the order in which they are created.

    `names` is the directory of published names on every node.
    """
    return (
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _metadata("coredns")},
        _role(),
        _binding(),
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": _metadata("coredns"),
            "data": {"Corefile": corefile(plan)},
        },
        _deployment(names),
        _service(),
    )


def _metadata(name: str) -> dict[str, Any]:
    return {"name": name, "namespace": _NAMESPACE, "labels": _LABELS}


def _role() -> dict[str, Any]:
    watch = ["list", "watch"]
    return {
        "apiVersion": f"{_GROUP}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "system:coredns"},
        "rules": [
            {"apiGroups": [""], "resources": ["services", "pods", "namespaces"], "verbs": watch},
            {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": watch},
        ],
    }


def _binding() -> dict[str, Any]:
    return {
        "apiVersion": f"{_GROUP}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "system:coredns"},
        "roleRef": {"apiGroup": _GROUP, "kind": "ClusterRole", "name": "system:coredns"},
        "subjects": [{"kind": "ServiceAccount", "name": "coredns", "namespace": _NAMESPACE}],
    }


def _deployment(names: Path) -> dict[str, Any]:
    container = {
        "name": "coredns",
        "image": COREDNS_IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "args": ["-conf", "/etc/coredns/Corefile"],
        "ports": [
            {"name": "dns", "containerPort": 53, "protocol": "UDP"},
            {"name": "dns-tcp", "containerPort": 53, "protocol": "TCP"},
        ],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "10m", "memory": "30Mi"}},
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/coredns"},
            {"name": "names", "mountPath": NAMES_DIRECTORY, "readOnly": True},
        ],
    }
    pod = {
        "serviceAccountName": "coredns",
        "priorityClassName": "system-cluster-critical",
        "dnsPolicy": "Default",
        "tolerations": [{"operator": "Exists"}],
        "containers": [container],
        "volumes": [
            {"name": "config", "configMap": {"name": "coredns"}},
            {"name": "names", "hostPath": {"path": str(names), "type": "Directory"}},
        ],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata("coredns"),
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": _LABELS},
            "template": {"metadata": {"labels": _LABELS}, "spec": pod},
        },
    }


def _service() -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata("kube-dns"),
        "spec": {
            "clusterIP": str(CLUSTER_DNS),
            "selector": _LABELS,
            "ports": [
                {"name": "dns", "port": 53, "protocol": "UDP"},
                {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
            ],
        },
    }
