"""Remote secrets: what their kubeconfigs say, and which of them the control plane ignores."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

import msgspec

from isthmus.analysis.codes import (
    CLUSTER_IN_SEVERAL_SECRETS,
    LOOPBACK_SERVER,
    SECRET_MALFORMED,
    SECRET_OF_OWN_CLUSTER,
)
from isthmus.analysis.finding import Finding, Findings, Origin, found
from isthmus.analysis.snapshot import ClusterSnapshot, Entry
from isthmus.api.core_secret import Secret

LABEL = "istio/multiCluster"


class RemoteCluster(msgspec.Struct, frozen=True):
    """A cluster that a secret of the own cluster gives access to."""

    name: str
    origin: Origin
    kubeconfig: bytes


def remote_clusters(cluster: ClusterSnapshot, system_namespace: str) -> tuple[list[RemoteCluster], list[Finding]]:
    """Clusters that the control plane takes from secrets, and findings about keys that it ignores.

    ISM0102 and ISM0103. The first secret that names a cluster wins; secrets are ordered by age, then name.
    """
    taken: dict[str, RemoteCluster] = {}
    findings: list[Finding] = []
    for entry in _secrets(cluster, system_namespace):
        for key, kubeconfig in sorted(entry.value.data.items()):
            if key == cluster.name:
                findings.append(found(SECRET_OF_OWN_CLUSTER, entry.origin, key))
            elif key in taken:
                first = taken[key].origin
                findings.append(found(CLUSTER_IN_SEVERAL_SECRETS, entry.origin, key, f"{first.namespace}/{first.name}"))
            else:
                taken[key] = RemoteCluster(key, entry.origin, kubeconfig)
    return list(taken.values()), findings


def malformed(remote: RemoteCluster, why: str) -> Finding:
    """ISM0101: the control plane cannot use the kubeconfig; ``why`` names the field and the cure."""
    return found(SECRET_MALFORMED, remote.origin, remote.name, why.rstrip("."))


def server_findings(remote: RemoteCluster, server: str) -> Findings:
    """ISM0110, by the URL of the kubeconfig's API server."""
    if _is_loopback(server):
        yield found(LOOPBACK_SERVER, remote.origin, remote.name, server)


def _secrets(cluster: ClusterSnapshot, namespace: str) -> list[Entry[Secret]]:
    labelled = [
        entry
        for entry in cluster.secrets
        if entry.value.metadata.labels.get(LABEL) == "true" and entry.origin.namespace == namespace
    ]
    return sorted(labelled, key=lambda entry: (entry.value.metadata.creation_timestamp, entry.origin.name))


def _is_loopback(server: str) -> bool:
    host = urlsplit(server).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
