"""Which namespaces need the ConfigMap with the mesh's roots, what must be in it, and where that is not so yet.

Knows Istio's names and exceptions (its namespace controller). Does not know Kubernetes' API.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

ROOT_CONFIG_MAP = "istio-ca-root-cert"
ROOT_KEY = "root-cert.pem"
CRL_CONFIG_MAP = "istio-ca-crl"
CRL_KEY = "ca-crl.pem"
LABELS = {"istio.io/config": "true"}
IGNORED_NAMESPACES = frozenset({"kube-public", "kube-node-lease", "local-path-storage"})


class Owner(msgspec.Struct, frozen=True):
    """The control plane's namespace: what is published goes when it goes."""

    name: str
    uid: str

    def added_to(self, references: Iterable[Mapping[str, Any]] = ()) -> list[Mapping[str, Any]]:
        """The owner references of a ConfigMap; it goes when the last of its owners goes."""
        others = [one for one in references if one["uid"] != self.uid]
        return [*others, {"apiVersion": "v1", "kind": "Namespace", "name": self.name, "uid": self.uid}]


class WantedConfigMap(msgspec.Struct, frozen=True):
    """One ConfigMap with one key, the same in every namespace."""

    name: str
    key: str
    content: str

    def body(self, namespace: str, owner: Owner) -> dict[str, Any]:
        """The object, as it is made."""
        metadata = {"name": self.name, "namespace": namespace, "labels": LABELS}
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {**metadata, "ownerReferences": owner.added_to()},
            "data": {self.key: self.content},
        }

    def merged_into(self, found: Mapping[str, Any], owner: Owner) -> dict[str, Any]:
        """The object that is there, saying what it must as well as what others wrote."""
        old = found["metadata"]
        labels = {**(old.get("labels") or {}), **LABELS}
        metadata = {**old, "labels": labels, "ownerReferences": owner.added_to(old.get("ownerReferences") or ())}
        return {**found, "metadata": metadata, "data": {**(found.get("data") or {}), self.key: self.content}}

    def is_met(self, found: FoundConfigMap, owner: Owner) -> bool:
        """Whether an object says what it must and goes with the control plane; more of everything does no harm."""
        return (
            found.data.get(self.key) == self.content
            and LABELS.items() <= found.labels.items()
            and owner.uid in found.owners
        )


class FoundConfigMap(msgspec.Struct, frozen=True):
    """A ConfigMap as it is in the cluster."""

    namespace: str
    name: str
    labels: Mapping[str, str] = {}
    data: Mapping[str, str] = {}
    owners: frozenset[str] = frozenset()  # their uids


def wanted(roots: bytes, crl: bytes) -> tuple[WantedConfigMap, ...]:
    """What every namespace must have."""
    root = WantedConfigMap(ROOT_CONFIG_MAP, ROOT_KEY, roots.decode())
    return (root, WantedConfigMap(CRL_CONFIG_MAP, CRL_KEY, crl.decode())) if crl else (root,)


class Coverage:
    """Follows namespaces and ConfigMaps of one cluster, and says what has to be written.

    Nothing, while the control plane's own namespace is not there or is being deleted.
    """

    def __init__(self, home: str) -> None:
        self._home = home
        self.owner: Owner | None = None
        self._wanted: tuple[WantedConfigMap, ...] = ()
        self._namespaces: set[str] = set()
        self._found: dict[tuple[str, str], FoundConfigMap] = {}
        self._due: dict[str, None] = {}  # namespaces to look at, oldest first

    def want(self, config_maps: tuple[WantedConfigMap, ...]) -> None:
        """This is what every namespace must have from now on."""
        self._wanted = config_maps
        self._mark(self._namespaces)

    def set_namespaces(self, namespaces: Mapping[str, str]) -> None:
        """These are all namespaces that are not being deleted, each with its uid."""
        self._namespaces = namespaces.keys() - IGNORED_NAMESPACES
        self.owner = Owner(self._home, namespaces[self._home]) if self._home in namespaces else None
        self._mark(self._namespaces)

    def put_namespace(self, name: str, uid: str) -> None:
        """A namespace is there."""
        if name not in IGNORED_NAMESPACES:
            self._namespaces.add(name)
            self._mark((name,))
        if name == self._home and self.owner != Owner(name, uid):
            self.owner = Owner(name, uid)
            self._mark(self._namespaces)

    def drop_namespace(self, name: str) -> None:
        """A namespace is gone, or going."""
        if name == self._home:
            self.owner = None
        self._namespaces.discard(name)
        self._due.pop(name, None)

    def set_found(self, config_maps: Iterable[FoundConfigMap]) -> None:
        """These are all ConfigMaps there are."""
        self._found = {(found.namespace, found.name): found for found in config_maps}
        self._mark(self._namespaces)

    def put_found(self, found: FoundConfigMap) -> None:
        """A ConfigMap was made or changed."""
        self._found[found.namespace, found.name] = found
        self._mark((found.namespace,))

    def drop_found(self, namespace: str, name: str) -> None:
        """A ConfigMap was deleted, or lost its label."""
        self._found.pop((namespace, name), None)
        self._mark((namespace,))

    def take(self) -> tuple[str, tuple[WantedConfigMap, ...]] | None:
        """The next namespace that lacks something, with what it lacks; None when all is as it must be."""
        while self._due and self.owner is not None:
            namespace = next(iter(self._due))
            del self._due[namespace]
            missing = tuple(one for one in self._wanted if not self._is_met(namespace, one, self.owner))
            if namespace in self._namespaces and missing:
                return namespace, missing
        return None

    def retry(self, namespace: str) -> None:
        """Writing failed: the namespace comes up again, after the others."""
        self._mark((namespace,))

    def _is_met(self, namespace: str, one: WantedConfigMap, owner: Owner) -> bool:
        found = self._found.get((namespace, one.name))
        return found is not None and one.is_met(found, owner)

    def _mark(self, namespaces: Iterable[str]) -> None:
        self._due.update(dict.fromkeys(namespaces))
