"""Moves workloads from revisions that are left to the active one: labels of namespaces, restarts of workloads.

Knows which label or annotation chooses a revision. A restart is marked with the revision that it leads to, so
that it happens once however often it is asked for.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from isthmus.api.wire import Wire
from isthmus.install.apply_objects import MANAGER
from isthmus.kube import kinds
from isthmus.kube.client import Client, Query, Writing
from isthmus.kube.kinds import Kind
from isthmus.operator.resources.resource import Metadata, Named
from isthmus.operator.usage import REVISION

MOVED = "sailoperator.io/moved-to-revision"

_WRITING = Writing(manager=MANAGER)
_WORKLOADS = {"Deployment": kinds.DEPLOYMENT, "StatefulSet": kinds.STATEFUL_SET, "DaemonSet": kinds.DAEMON_SET}


class _Template(Wire, frozen=True, kw_only=True):
    metadata: Metadata = Metadata()


class _WorkloadSpec(Wire, frozen=True, kw_only=True):
    template: _Template = _Template()


class _Workload(Wire, frozen=True, kw_only=True):
    metadata: Metadata
    spec: _WorkloadSpec = _WorkloadSpec()


async def move(client: Client, leaving: Collection[str], active: str) -> None:
    """Move everything that uses a revision of `leaving` to `active`. Raises ApiError."""
    for namespace in (await client.list(kinds.NAMESPACE, Query(labels=REVISION), into=Named)).items:
        if namespace.metadata.labels[REVISION] in leaving:
            patch = {"metadata": {"labels": {REVISION: active}}}
            await client.merge_patch(kinds.NAMESPACE, namespace.metadata.name, patch, writing=_WRITING)
    pods = (await client.list(kinds.POD, into=Named)).items
    injected = [pod.metadata for pod in pods if pod.metadata.annotations.get(REVISION) in leaving]
    for kind, namespace_name, name in sorted({owner for pod in injected if (owner := await _owner(client, pod))}):
        await _restart(client, _WORKLOADS[kind], namespace_name, name, leaving, active)


async def _owner(client: Client, pod: Metadata) -> tuple[str, str, str] | None:
    """Kind, namespace and name of the workload that a pod belongs to."""
    for reference in pod.owner_references:
        if reference.kind == "ReplicaSet":
            found = await client.find(kinds.REPLICA_SET, reference.name, namespace=pod.namespace)
            owners = (found or {}).get("metadata", {}).get("ownerReferences") or ()
            deployments = (each["name"] for each in owners if each["kind"] == "Deployment")
            return next((("Deployment", pod.namespace, each) for each in deployments), None)
        if reference.kind in _WORKLOADS:
            return reference.kind, pod.namespace, reference.name
    return None


async def _restart(
    client: Client, kind: Kind, namespace: str, name: str, leaving: Collection[str], active: str
) -> None:
    found = await client.get(kind, name, namespace=namespace, into=_Workload)
    template = found.spec.template.metadata
    metadata: dict[str, Any] = {"annotations": {MOVED: active}}
    if template.labels.get(REVISION) in leaving:
        metadata["labels"] = {REVISION: active}
    elif template.annotations.get(MOVED) == active:
        return
    patch = {"spec": {"template": {"metadata": metadata}}}
    await client.merge_patch(kind, name, patch, namespace=namespace, writing=_WRITING)
