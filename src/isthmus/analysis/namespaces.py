"""Namespaces: injection, proxies that are missing, the root certificate that proxies mount."""

from __future__ import annotations

from isthmus.analysis.cluster_codes import NAMESPACE_WITHOUT_ROOT
from isthmus.analysis.codes import MISSING_PROXY, NOT_INJECTED, SEVERAL_INJECTION_LABELS
from isthmus.analysis.finding import Findings, found
from isthmus.analysis.snapshot import ClusterSnapshot, Snapshot
from isthmus.api.core_pod import Pod
from isthmus.api.wire import Labels

SYSTEM = frozenset({"kube-system", "kube-public", "kube-node-lease", "local-path-storage"})
ROOT_CONFIG_MAP = "istio-ca-root-cert"
_LEGACY, _REVISION, _INJECT = "istio-injection", "istio.io/rev", "sidecar.istio.io/inject"
_AMBIENT = "istio.io/dataplane-mode"


def namespaces(snapshot: Snapshot) -> Findings:
    """IST0102, IST0103, IST0123 for the own cluster; ISM0107 for every cluster."""
    skipped = SYSTEM | {snapshot.system_namespace}
    for entry in snapshot.own.namespaces:
        metadata = entry.value.metadata
        if metadata.name in skipped or _AMBIENT in metadata.labels:
            continue
        if _LEGACY not in metadata.labels and _REVISION not in metadata.labels:
            yield found(NOT_INJECTED, entry.origin, metadata.name)
        elif _LEGACY in metadata.labels and _REVISION in metadata.labels:
            names = [f"{_LEGACY}={metadata.labels[_LEGACY]}", f"{_REVISION}={metadata.labels[_REVISION]}"]
            yield found(SEVERAL_INJECTION_LABELS, entry.origin, names)
    yield from _missing_proxies(snapshot.own, skipped)
    yield from without_root(snapshot)


def _missing_proxies(cluster: ClusterSnapshot, skipped: frozenset[str]) -> Findings:
    for entry in cluster.running_pods():
        pod = entry.value
        labels = cluster.namespace_labels(pod.metadata.namespace)
        if pod.metadata.namespace not in skipped and wants_proxy(pod, labels) and not has_proxy(pod):
            yield found(MISSING_PROXY, entry.origin, f"{pod.metadata.namespace}/{pod.metadata.name}")


def wants_proxy(pod: Pod, namespace: Labels) -> bool:
    """Whether the injector would take the pod, by its own label and its namespace's."""
    wish = pod.metadata.labels.get(_INJECT, pod.metadata.annotations.inject)
    if pod.spec.host_network or wish == "false" or _AMBIENT in namespace:
        return False
    if namespace.get(_LEGACY) == "disabled":
        return False
    return namespace.get(_LEGACY) == "enabled" or _REVISION in namespace or _REVISION in pod.metadata.labels


def has_proxy(pod: Pod) -> bool:
    """Whether a proxy container was injected or written by hand."""
    names = {container.name for container in (*pod.spec.containers, *pod.spec.init_containers)}
    return pod.metadata.annotations.sidecar_status is not None or "istio-proxy" in names


def without_root(snapshot: Snapshot) -> Findings:
    """ISM0107: namespaces with workloads of the mesh, but without what their proxies mount.

    A cluster in which no namespace has the ConfigMap at all is not looked after by any control plane (yet);
    one finding on its system namespace says so.
    """
    for cluster in snapshot.clusters:
        yield from _without_root(cluster, snapshot.system_namespace)


def _without_root(cluster: ClusterSnapshot, system_namespace: str) -> Findings:
    if not cluster.live or "ConfigMap" in cluster.unreadable:
        return
    published = {e.origin.namespace for e in cluster.config_maps if e.origin.name == ROOT_CONFIG_MAP}
    for entry in cluster.namespaces:
        metadata = entry.value.metadata
        if metadata.name in published or metadata.name in SYSTEM or entry.value.status.phase == "Terminating":
            continue
        injected = metadata.labels.get(_LEGACY) == "enabled" or _REVISION in metadata.labels
        if injected or metadata.name == system_namespace:
            yield found(NAMESPACE_WITHOUT_ROOT, entry.origin)
