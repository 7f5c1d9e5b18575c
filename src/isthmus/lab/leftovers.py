"""What a mesh left in a cluster: every object of every served kind that a fresh cluster does not have and a mesh makes.

Knows names, labels and API groups by which such objects are told. Changes nothing.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence

import msgspec

from isthmus.kube import kinds
from isthmus.kube.client import Client
from isthmus.kube.errors import ApiError
from isthmus.kube.kinds import Kind

_NAMESPACES = frozenset({"default", "kube-node-lease", "kube-public", "kube-system"})
_OF_DEFAULT = frozenset({"kubernetes", "default", "kube-root-ca.crt"})
_GROUP = re.compile(r"(^|\.)(istio\.io|sailoperator\.io|gateway\.networking\.k8s\.io)$")
_MARK = re.compile(r"istio|isthmus|sail-?operator|eastwestgateway|gateway\.networking\.k8s\.io")
_GATEWAY_API = re.compile(r"(^|\.)gateway\.networking\.k8s\.io$")
"""What the Gateway API itself consists of in a cluster (definitions, its policy): Kubernetes', not a mesh's."""
_IGNORED_GROUPS = frozenset({"metrics.k8s.io", "events.k8s.io"})
"""Measurements, and what is told about objects that are gone."""


class Metadata(msgspec.Struct, frozen=True):
    """What is looked at of an object."""

    name: str
    namespace: str = ""
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}


class _Row(msgspec.Struct, frozen=True):
    metadata: Metadata


class Leftover(msgspec.Struct, frozen=True):
    """One object, and by what it was told."""

    cluster: str
    kind: str
    namespace: str
    name: str
    reason: str


async def leftovers(cluster: str, client: Client, *, crds: bool = True) -> list[Leftover]:
    """All that is left in one cluster, by kind and name; without `crds`, definitions may stay."""
    every = [kind for kind in await client.kinds() if kind.group not in _IGNORED_GROUPS and kind != kinds.EVENT]
    if not crds:
        every = [kind for kind in every if kind.kind != kinds.CUSTOM_RESOURCE_DEFINITION.kind]
    found = await asyncio.gather(*(_of_kind(client, kind) for kind in every))
    return [
        Leftover(cluster, kind.kind, each.namespace, each.name, why)
        for kind, listed in zip(every, found, strict=True)
        for each in sorted(listed, key=lambda metadata: (metadata.namespace, metadata.name))
        if (why := reason(kind, each))
    ]


async def _of_kind(client: Client, kind: Kind) -> Sequence[Metadata]:
    try:
        return [row.metadata for row in (await client.list(kind, into=_Row)).items]
    except ApiError as problem:
        if problem.not_found:  # its definition went since the kinds were asked for
            return ()
        raise


def reason(kind: Kind, metadata: Metadata) -> str:
    """Why an object is one that a mesh or a guide left; empty when it is not.

    A namespace stands for everything in it.
    """
    if kind == kinds.NAMESPACE and metadata.name not in _NAMESPACES:
        return "a namespace that a fresh cluster does not have"
    if kind.namespaced and metadata.namespace not in _NAMESPACES:
        return ""
    if _GROUP.search(kind.group):
        return f"a resource of {kind.group}"
    if kind.kind == "PersistentVolume":
        return "a volume that a fresh cluster does not have"
    if metadata.namespace == "default" and metadata.name not in _OF_DEFAULT and not _is_of_kubernetes(metadata):
        return "an object in default that a fresh cluster does not have"
    return _mark(metadata)


def _is_of_kubernetes(metadata: Metadata) -> bool:
    """The endpoints of the API server, whose slices have names of their own."""
    return metadata.labels.get("kubernetes.io/service-name") == "kubernetes"


def _mark(metadata: Metadata) -> str:
    if _GATEWAY_API.search(metadata.name):
        return ""
    if metadata.name == "cacerts" or _MARK.search(metadata.name):
        return "its name"
    for what, pairs in (("label", metadata.labels), ("annotation", metadata.annotations)):
        for key, value in pairs.items():
            if _MARK.search(key) or _MARK.search(value):
                return f"its {what} {key}"
    return ""
