"""Where a proxy runs: in which cluster, where it does not say so in a way that is known here, and in which locality.

A proxy names its cluster as its injector was told to. Charts of Istio 1.1 tell nobody: there, what a cluster is
called is decided by whoever stores its credentials. Such a proxy is found by its pod, as Istio did then.
A proxy's region and zone are those of its pod, as Kubernetes knows it: a proxy does not know its node's labels.
Since Kubernetes 1.35 it knows some, those of the time at which its pod was given a node: without sub-zone, and
unchanged when the node's change (KEP-4742). So they only count where nobody else knows better, as with Istio.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from isthmus.model.proxy import Proxy
from isthmus.model.workload import Workload

SYSTEM_NAMESPACE = "kube-system"
"""Every cluster that has been read has this namespace: it tells a cluster that is known from a name that is not."""


def placed(proxy: Proxy, pods: Iterable[Workload]) -> Proxy:
    """The proxy in the cluster of the pod that it must be, among pods of its name and namespace; else unchanged.

    A pod must have the proxy's own address, and there must be one such pod only.
    """
    clusters = {pod.key.cluster for pod in pods if not set(pod.addresses).isdisjoint(proxy.addresses[:1])}
    return msgspec.structs.replace(proxy, cluster=clusters.pop()) if len(clusters) == 1 else proxy


def located(proxy: Proxy, pod: Workload | None) -> Proxy:
    """The proxy in the locality of its pod, if that is known and is the proxy's."""
    if pod is None or not pod.locality.region:
        return proxy
    if set(pod.addresses).isdisjoint(proxy.addresses):
        return proxy
    return msgspec.structs.replace(proxy, locality=pod.locality)
