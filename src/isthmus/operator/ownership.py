"""Whose an object is: the marks by which a resource finds again what it made.

A label with the resource's uid is what the operator selects by; the owner reference lets Kubernetes collect what
is left when a resource disappears without its finalizer. Pure.
"""

from __future__ import annotations

from isthmus.install.manifests import Owner, labelled
from isthmus.install.render import Object
from isthmus.kube.kinds import Kind
from isthmus.operator.resources.resource import Metadata

OWNER_UID = "sailoperator.io/owner-uid"
FINALIZER = "sailoperator.io/sail-operator"

_ANY_OPERATOR_FILE = "operator"  # no IstioOperator file's name, so that none of them prunes these objects


def reference(kind: Kind, metadata: Metadata) -> dict[str, object]:
    """An owner reference to a resource."""
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "name": metadata.name,
        "uid": metadata.uid,
        "blockOwnerDeletion": True,
    }


def marked(found: Object, kind: Kind, metadata: Metadata, namespace: str, component: str) -> Object:
    """A copy with the marks of the resource that it belongs to."""
    revision = str((found["metadata"].get("labels") or {}).get("istio.io/rev") or "default")
    result = labelled(found, Owner(_ANY_OPERATOR_FILE, namespace, revision), component)
    result["metadata"]["labels"][OWNER_UID] = metadata.uid
    result["metadata"]["ownerReferences"] = [reference(kind, metadata)]
    return result


def selector(uid: str) -> str:
    """The label selector of a resource's objects."""
    return f"{OWNER_UID}={uid}"
