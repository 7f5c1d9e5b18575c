"""Which remote clusters the labelled Secrets declare (pure).

Rules: Istio's multicluster secret controller. Every data key is a cluster id, its value a kubeconfig. The own
cluster is never remote; of two Secrets that name one cluster the older one counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from isthmus.kube.access import Access, parse_remote
from isthmus.kube.errors import AccessError

LABEL = "istio/multiCluster"
CONFIG_SECRET, CONFIG_KEY = "istio-kubeconfig", "config"
"""The credential for the configuration cluster. It carries the label as well (Istio), and declares no cluster."""


class RemoteSecret(msgspec.Struct, frozen=True):
    """A Secret as far as it declares clusters. ``repr`` shows no data."""

    namespace: str
    name: str
    created: str
    data: Mapping[str, bytes]

    def __repr__(self) -> str:
        return f"RemoteSecret({self.namespace}/{self.name}: {sorted(self.data)})"


class RemoteCluster(msgspec.Struct, frozen=True):
    """A cluster to watch: equal records mean equal credentials."""

    id: str
    secret: str  # namespace/name
    digest: str  # SHA-256 of the kubeconfig
    access: Access

    def __repr__(self) -> str:
        return f"RemoteCluster({self.id} from {self.secret})"


class SecretProblem(msgspec.Struct, frozen=True, order=True):
    """Why a Secret's key cannot be used; a cluster that it declared before goes on as it was."""

    secret: str
    cluster: str
    message: str


def desired_clusters(
    secrets: Iterable[RemoteSecret], own_cluster: str, allowed: tuple[str, ...] = ()
) -> tuple[dict[str, RemoteCluster], tuple[SecretProblem, ...]]:
    """Clusters by id, and what is wrong with the rest; depends on the current Secrets only, not on their order."""
    found: dict[str, RemoteCluster] = {}
    problems: list[SecretProblem] = []
    for secret in sorted(secrets, key=lambda secret: (secret.created, secret.namespace, secret.name)):
        where = f"{secret.namespace}/{secret.name}"
        for cluster, kubeconfig in sorted(secret.data.items()):
            if (secret.name, cluster) == (CONFIG_SECRET, CONFIG_KEY):
                continue
            try:
                remote = _remote(cluster, where, kubeconfig, found, own_cluster, allowed)
            except AccessError as error:
                problems.append(SecretProblem(where, cluster, str(error)))
            else:
                found[cluster] = remote
    return found, tuple(problems)


def _remote(
    cluster: str,
    where: str,
    kubeconfig: bytes,
    found: Mapping[str, RemoteCluster],
    own_cluster: str,
    allowed: tuple[str, ...],
) -> RemoteCluster:
    if cluster == own_cluster:
        raise AccessError(
            f"{cluster!r} is the cluster that this control plane runs in; remove the key, it needs no remote secret"
        )
    if cluster in found:
        raise AccessError(
            f"cluster {cluster!r} is declared by secret {found[cluster].secret} already, which is older and is used; "
            "delete one of the two"
        )
    access = parse_remote(kubeconfig, frozenset(allowed))
    return RemoteCluster(cluster, where, hashlib.sha256(kubeconfig).hexdigest(), access)
