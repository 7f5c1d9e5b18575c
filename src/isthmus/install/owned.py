"""Finding the objects of installations in a cluster by their labels.

Knows the kinds that installations consist of. Does not know which of them are to go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from isthmus.install.manifests import Identity
from isthmus.install.render import Object
from isthmus.kube import kinds
from isthmus.kube.client import Client, Query
from isthmus.kube.errors import ApiError
from isthmus.kube.kinds import Kind

_NETWORK_ATTACHMENT = Kind(
    "k8s.cni.cncf.io", "v1", "network-attachment-definitions", "NetworkAttachmentDefinition", namespaced=True
)
_ADMISSION_POLICY = Kind(
    "admissionregistration.k8s.io",
    "v1",
    "validatingadmissionpolicies",
    "ValidatingAdmissionPolicy",
    namespaced=False,
)
_ADMISSION_POLICY_BINDING = Kind(
    "admissionregistration.k8s.io",
    "v1",
    "validatingadmissionpolicybindings",
    "ValidatingAdmissionPolicyBinding",
    namespaced=False,
)
# In the order of deletion: first what asks the control plane, then the control plane, definitions last.
KINDS = (
    kinds.MUTATING_WEBHOOK,
    kinds.VALIDATING_WEBHOOK,
    _ADMISSION_POLICY_BINDING,
    _ADMISSION_POLICY,
    kinds.ENVOY_FILTER,
    kinds.HORIZONTAL_POD_AUTOSCALER,
    kinds.POD_DISRUPTION_BUDGET,
    kinds.DEPLOYMENT,
    kinds.DAEMON_SET,
    kinds.POD,
    kinds.SERVICE,
    kinds.ENDPOINT_SLICE,
    kinds.CONFIG_MAP,
    kinds.SECRET,
    kinds.ROLE_BINDING,
    kinds.ROLE,
    kinds.CLUSTER_ROLE_BINDING,
    kinds.CLUSTER_ROLE,
    kinds.SERVICE_ACCOUNT,
    kinds.NETWORK_POLICY,
    kinds.RESOURCE_QUOTA,
    _NETWORK_ATTACHMENT,
    kinds.CUSTOM_RESOURCE_DEFINITION,
)


class Owned(msgspec.Struct, frozen=True):
    """One object, as much of it as finding and deleting take."""

    kind: Kind
    identity: Identity
    component: str
    controlled: bool = False
    """Made by a controller for another object (endpoint slices, pods): it copies that one's labels and goes with it."""


class _Reference(msgspec.Struct, frozen=True):
    controller: bool = False


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    namespace: str = ""
    labels: dict[str, str] = {}
    owner_references: list[_Reference] = []


class _Row(msgspec.Struct, frozen=True):
    metadata: _Metadata


async def owned_objects(client: Client, selector: str) -> list[Owned]:
    """The objects that match a label selector, in the order of deletion."""
    found = await asyncio.gather(*(of_kind(client, kind, Query(labels=selector)) for kind in KINDS))
    return [owned for group in found for owned in group]


async def of_kind(client: Client, kind: Kind, query: Query) -> Sequence[Owned]:
    """The objects of one kind that a query finds."""
    try:
        listing = await client.list(kind, query, into=_Row)
    except ApiError as problem:
        if problem.not_found:  # the kind is not served here
            return ()
        raise
    return [_owned(kind, row.metadata) for row in listing.items]


def _owned(kind: Kind, metadata: _Metadata) -> Owned:
    component = metadata.labels.get("operator.istio.io/component", "")
    controlled = any(reference.controller for reference in metadata.owner_references)
    return Owned(kind, Identity(kind.kind, metadata.namespace, metadata.name), component, controlled)


async def delete(client: Client, owned: Owned) -> None:
    """Delete an object; one that is gone already is fine."""
    try:
        await client.delete(owned.kind, owned.identity.name, namespace=owned.identity.namespace)
    except ApiError as problem:
        if not problem.not_found:
            raise


def as_owned(client_kind: Kind, found: Object) -> Owned:
    """An object of a plan, to be deleted."""
    metadata = found["metadata"]
    namespace = str(metadata.get("namespace") or "") if client_kind.namespaced else ""
    labels = metadata.get("labels") or {}
    identity = Identity(client_kind.kind, namespace, str(metadata["name"]))
    return Owned(client_kind, identity, str(labels.get("operator.istio.io/component", "")))
