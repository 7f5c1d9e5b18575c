"""Remote secrets: what their kubeconfigs say, and which of them the control plane ignores."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from enum import Enum
from urllib.parse import urlsplit

import msgspec

from isthmus.analysis.cluster_codes import (
    CLUSTER_IN_SEVERAL_SECRETS,
    CLUSTER_UNREACHABLE,
    CREDENTIAL_MAY_NOT_READ,
    CREDENTIAL_REFUSED,
    LOOPBACK_SERVER,
    SECRET_MALFORMED,
    SECRET_OF_OWN_CLUSTER,
    SERVER_UNTRUSTED,
)
from isthmus.analysis.finding import Finding, Findings, Origin, found
from isthmus.analysis.snapshot import ClusterSnapshot, Entry
from isthmus.api.core_secret import Secret

LABEL = "istio/multiCluster"
NEEDED = frozenset({"EndpointSlice", "Namespace", "Node", "Pod", "Service"})
"""Kinds that a control plane reads in every cluster."""


class Failure(Enum):
    """Why a cluster cannot be read with a secret's kubeconfig."""

    MALFORMED = SECRET_MALFORMED
    UNREACHABLE = CLUSTER_UNREACHABLE
    UNTRUSTED = SERVER_UNTRUSTED
    REFUSED = CREDENTIAL_REFUSED
    FORBIDDEN = CREDENTIAL_MAY_NOT_READ


class RemoteCluster(msgspec.Struct, frozen=True):
    """A cluster that a secret of the own cluster gives access to."""

    name: str
    origin: Origin
    kubeconfig: bytes


def declared(cluster: ClusterSnapshot, system_namespace: str) -> list[RemoteCluster]:
    """What every key of every remote secret declares; secrets are ordered by age, then name."""
    return [
        RemoteCluster(key, entry.origin.at(f"data[{key}]"), kubeconfig)
        for entry in _secrets(cluster, system_namespace)
        for key, kubeconfig in sorted(entry.value.data.items())
    ]


def remote_clusters(cluster: ClusterSnapshot, system_namespace: str) -> tuple[list[RemoteCluster], list[Finding]]:
    """Clusters that the control plane takes from secrets, and findings about keys that it ignores.

    ISM0102 and ISM0103. The first secret that names a cluster wins.
    """
    taken: dict[str, RemoteCluster] = {}
    findings: list[Finding] = []
    for remote in declared(cluster, system_namespace):
        if remote.name == cluster.name:
            findings.append(found(SECRET_OF_OWN_CLUSTER, remote.origin, remote.name))
        elif first := taken.get(remote.name):
            secret = f"{first.origin.namespace}/{first.origin.name}"
            findings.append(found(CLUSTER_IN_SEVERAL_SECRETS, remote.origin, remote.name, secret))
        else:
            taken[remote.name] = remote
    return list(taken.values()), findings


def unread(remote: RemoteCluster, failure: Failure, why: str) -> Finding:
    """ISM0101, ISM0104, ISM0115 to ISM0117: ``why`` is what the API server said, or the field that is wrong."""
    return found(failure.value, remote.origin, remote.name, why.rstrip("."))


def may_not_read(remote: RemoteCluster, unreadable: Iterable[str]) -> Findings:
    """ISM0116 for kinds that control planes need of every cluster and that are among the unreadable ones."""
    if kinds := sorted(NEEDED & set(unreadable)):
        yield unread(remote, Failure.FORBIDDEN, ", ".join(kinds))


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
