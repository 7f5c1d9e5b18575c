"""The objects that a resource stands for, rendered from the charts.

Knows which components each kind has and which objects of theirs are its own. Does not know the cluster: the
same resource gives the same objects, and is rendered once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from isthmus.install.manifests import Owner, labelled
from isthmus.install.merge_order import Request
from isthmus.install.operator_file import OperatorFile
from isthmus.install.plan import Plan, plan
from isthmus.install.render import Object
from isthmus.install.revision_tags import default_validators, tag_parts
from isthmus.install.value_tree import Values, at, copied, merged, put
from isthmus.operator.profiles import is_remote
from isthmus.operator.revisions import DEFAULT
from isthmus.shipped import shipped

_DEFINITION = "CustomResourceDefinition"


class Images(msgspec.Struct, frozen=True):
    """Where the images of what the operator installs come from; empty for what is built in."""

    hub: str = ""
    tag: str = ""


class Desired(msgspec.Struct, frozen=True):
    """Objects with the component that each belongs to, in the order of application, and what the user should know."""

    objects: tuple[tuple[str, Object], ...]
    warnings: tuple[str, ...] = ()


class RevisionSource(msgspec.Struct, frozen=True):
    """A revision as far as its objects depend on it."""

    name: str
    namespace: str
    values: Mapping[str, Any]
    images: Images = Images()


def of_revision(source: RevisionSource) -> Desired:
    """A control plane, or what a cluster needs whose control plane is elsewhere. Raises InstallError.

    What all revisions of a cluster share (the account that other clusters read with, the validator for resources
    without revision) belongs to the revision named default.
    """
    return _of_revision(msgspec.json.encode(source))


def of_tag(source: RevisionSource, tag: str) -> Desired:
    """What makes a name lead to a revision. Raises InstallError."""
    return _of_tag(msgspec.json.encode(source), tag)


def of_agent(source: RevisionSource) -> Desired:
    """The node agent. Raises InstallError."""
    return _of_agent(msgspec.json.encode(source))


@lru_cache(maxsize=1)
def definitions() -> tuple[Object, ...]:
    """The CRDs of Istio's kinds. They belong to the cluster: other people's resources hang on them."""
    spec = {"profile": "empty", "components": {"base": {"enabled": True}}}
    found = plan(_request("charts/base", spec))
    owner = Owner("", found.installation.namespace, "")
    return tuple(labelled(each, owner, "Base") for each in found.objects if each["kind"] == _DEFINITION)


@lru_cache(maxsize=32)
def _of_revision(encoded: bytes) -> Desired:
    source = msgspec.json.decode(encoded, type=RevisionSource)
    found = _plan(source, {"base": {"enabled": source.name == DEFAULT}, "pilot": {"enabled": True}})
    objects = [
        (part.component.sort.label, each)
        for part in found.parts
        for each in part.objects
        if each["kind"] != _DEFINITION
    ]
    if source.name == DEFAULT:
        objects += [("Pilot", each) for each in _validators(found)]
    return Desired(tuple(objects), found.warnings)


@lru_cache(maxsize=32)
def _of_tag(encoded: bytes, tag: str) -> Desired:
    source = msgspec.json.decode(encoded, type=RevisionSource)
    found = _plan(source, {"pilot": {"enabled": True}})
    chart, values = found.installation.charts / "istiod", found.parts[0].component.values
    objects = tag_parts(chart, values, tag, source.namespace) + (_validators(found) if tag == DEFAULT else [])
    return Desired(tuple(("Pilot", each) for each in objects))


@lru_cache(maxsize=4)
def _of_agent(encoded: bytes) -> Desired:
    source = msgspec.json.decode(encoded, type=RevisionSource)
    found = plan(_request(f"IstioCNI {source.name}", _spec(source, {"cni": _in(source.namespace)})))
    return Desired(tuple(("Cni", each) for each in found.objects), found.warnings)


def _validators(found: Plan) -> list[Object]:
    """The validator for resources without revision; only where this control plane validates at all."""
    if all(each["kind"] != "ValidatingWebhookConfiguration" for each in found.objects):
        return []
    installation = found.installation
    revision = installation.revision or DEFAULT
    return default_validators(installation.charts, installation.values, revision, installation.namespace)


def _in(namespace: str) -> Mapping[str, Any]:
    return {"enabled": True, "namespace": namespace}


def _plan(source: RevisionSource, components: Mapping[str, Any]) -> Plan:
    revision = "" if source.name == DEFAULT else source.name
    values: Values = copied(source.values)
    put(values, ("global", "istioNamespace"), source.namespace)
    values |= {"revision": revision, "defaultRevision": ""}
    spec = _spec(source, components) | {"namespace": source.namespace, "revision": revision, "values": values}
    return plan(_request(f"IstioRevision {source.name}", spec))


def _spec(source: RevisionSource, components: Mapping[str, Any]) -> Values:
    images = {key: text for key, text in (("hub", source.images.hub), ("tag", source.images.tag)) if text}
    return {"profile": "empty", "components": components, "values": source.values} | images


def _request(origin: str, spec: Mapping[str, Any]) -> Request:
    return Request(shipped("charts"), (OperatorFile(origin, "", spec),))


def with_agent(values: Mapping[str, Any], *, present: bool) -> Mapping[str, Any]:
    """A revision's values, with capture by the node agent where there is one and the values do not say."""
    said = at(values, "pilot", "cni", "enabled") is not None or at(values, "cni", "enabled") is not None
    if said or not present or is_remote(values):
        return values
    return merged(values, {"pilot": {"cni": {"enabled": True}}})


def needs_agent(values: Mapping[str, Any]) -> bool:
    """Report whether pods of a revision are captured by the node agent."""
    if at(values, "pilot", "cni", "enabled") is not None:
        return at(values, "pilot", "cni", "enabled") is True
    return at(values, "cni", "enabled") is True or at(values, "global", "platform") == "openshift"
