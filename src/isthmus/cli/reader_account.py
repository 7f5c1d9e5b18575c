"""The account that reads a cluster for somebody else's control plane, for clusters without the charts' own.

Knows the reader role (Istio's ``istio-reader-clusterrole``). Does not know tokens or secrets.
"""

from __future__ import annotations

from typing import Any

from isthmus.cli.remote_secret_yaml import READER_ACCOUNT
from isthmus.kube import kinds
from isthmus.kube.client import Client, Writing
from isthmus.kube.errors import ApiError, KubeError

_READ = ["get", "list", "watch"]

READER_RULES: tuple[dict[str, Any], ...] = (
    {
        "apiGroups": [
            "config.istio.io",
            "security.istio.io",
            "networking.istio.io",
            "authentication.istio.io",
            "rbac.istio.io",
            "telemetry.istio.io",
            "extensions.istio.io",
        ],
        "resources": ["*"],
        "verbs": _READ,
    },
    {
        "apiGroups": [""],
        "resources": [
            "endpoints",
            "pods",
            "services",
            "nodes",
            "replicationcontrollers",
            "namespaces",
            "secrets",
            "configmaps",
        ],
        "verbs": _READ,
    },
    {
        "apiGroups": ["networking.x-k8s.io", "gateway.networking.k8s.io"],
        "resources": ["gateways"],
        "verbs": _READ,
    },
    {"apiGroups": ["apiextensions.k8s.io"], "resources": ["customresourcedefinitions"], "verbs": _READ},
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": _READ},
    {
        "apiGroups": ["multicluster.x-k8s.io"],
        "resources": ["serviceexports"],
        "verbs": [*_READ, "create", "delete"],
    },
    {"apiGroups": ["multicluster.x-k8s.io"], "resources": ["serviceimports"], "verbs": _READ},
    {"apiGroups": ["apps"], "resources": ["replicasets"], "verbs": _READ},
    {"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"], "verbs": ["create"]},
    {"apiGroups": ["authorization.k8s.io"], "resources": ["subjectaccessreviews"], "verbs": ["create"]},
)

_WRITING = Writing(manager="istioctl")


async def ensure_account(client: Client, namespace: str, account: str, *, create: bool) -> None:
    """Makes sure that the account exists; with ``create``, makes it and its role when it is missing.

    What exists is left as it is. ``KubeError`` names the account and the cure.
    """
    if await client.find(kinds.SERVICE_ACCOUNT, account, namespace=namespace) is not None:
        return
    if not create:
        raise KubeError(
            f"service account {namespace}/{account} does not exist: install the mesh in this cluster first, "
            "or name another account with --service-account"
        )
    await _ensure_namespace(client, namespace)
    for kind, body in reader_objects(namespace, account):
        metadata = body["metadata"]
        if await client.find(kind, metadata["name"], namespace=metadata.get("namespace", "")) is None:
            await client.apply(kind, body, writing=_WRITING)


def reader_objects(namespace: str, account: str) -> tuple[tuple[kinds.Kind, dict[str, Any]], ...]:
    """The account, the role and their binding, in the order in which to apply them."""
    role = f"istio-reader-clusterrole-{namespace}"
    binding = role if account == READER_ACCOUNT else f"{role}-{account}"  # the charts own the first name
    subject = {"kind": "ServiceAccount", "name": account, "namespace": namespace}
    reference = {"apiGroup": kinds.CLUSTER_ROLE.group, "kind": "ClusterRole", "name": role}
    return (
        (kinds.SERVICE_ACCOUNT, _object(kinds.SERVICE_ACCOUNT, {"name": account, "namespace": namespace})),
        (kinds.CLUSTER_ROLE, _object(kinds.CLUSTER_ROLE, {"name": role}, rules=list(READER_RULES))),
        (
            kinds.CLUSTER_ROLE_BINDING,
            _object(kinds.CLUSTER_ROLE_BINDING, {"name": binding}, roleRef=reference, subjects=[subject]),
        ),
    )


def _object(kind: kinds.Kind, metadata: dict[str, Any], **content: Any) -> dict[str, Any]:
    metadata["labels"] = {"app": "istio-reader", "release": "istio"}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **content}


async def _ensure_namespace(client: Client, namespace: str) -> None:
    try:
        await client.create(kinds.NAMESPACE, {"metadata": {"name": namespace}}, writing=_WRITING)
    except ApiError as error:
        if not error.already_exists:
            raise
