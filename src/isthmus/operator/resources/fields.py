"""Types of fields that several kinds have."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

GROUP = "sailoperator.io"
VERSIONS = ("v1alpha1", "v1")
STORAGE = "v1"

_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
_FIXED = [
    {"rule": "self == oldSelf", "message": "the namespace cannot be changed: delete the resource and create it anew"}
]
_NAMESPACE = {"x-kubernetes-validations": _FIXED}

SystemNamespace = Annotated[
    str, Meta(pattern=_LABEL, max_length=63, extra_json_schema=_NAMESPACE | {"default": "istio-system"})
]
CniNamespace = Annotated[
    str, Meta(pattern=_LABEL, max_length=63, extra_json_schema=_NAMESPACE | {"default": "istio-cni"})
]
Profile = Literal[
    "ambient",
    "default",
    "demo",
    "empty",
    "external",
    "openshift",
    "openshift-ambient",
    "preview",
    "remote",
    "stable",
]
