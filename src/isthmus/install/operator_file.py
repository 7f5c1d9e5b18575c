"""IstioOperator files: reading one, and saying what is wrong with it.

Knows which fields there are. Does not know profiles, charts, or what the fields lead to.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec

from isthmus.gotemplate import yaml_text
from isthmus.install.errors import InstallError
from isthmus.install.value_tree import Values

API_VERSION = "install.istio.io/v1alpha1"
KIND = "IstioOperator"

SINGLE_COMPONENTS = ("base", "pilot", "cni", "ztunnel", "istiodRemote")
GATEWAY_COMPONENTS = ("ingressGateways", "egressGateways")
_SPEC_FIELDS = {
    "profile": str,
    "installPackagePath": str,
    "hub": str,
    "tag": str,
    "namespace": str,
    "revision": str,
    "compatibilityVersion": str,
    "meshConfig": dict,
    "components": dict,
    "values": dict,
    "unvalidatedValues": dict,
}
_COMPONENT_FIELDS = frozenset({"enabled", "namespace", "hub", "tag", "k8s"})
_GATEWAY_FIELDS = _COMPONENT_FIELDS | {"name", "label"}
_K8S_FIELDS = frozenset(
    {
        "affinity",
        "env",
        "hpaSpec",
        "imagePullPolicy",
        "nodeSelector",
        "overlays",
        "podAnnotations",
        "podDisruptionBudget",
        "priorityClassName",
        "readinessProbe",
        "replicaCount",
        "resources",
        "securityContext",
        "service",
        "serviceAnnotations",
        "strategy",
        "tolerations",
        "volumeMounts",
        "volumes",
    }
)
_REVISION = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


class OperatorFile(msgspec.Struct, frozen=True):
    """One file: where it came from, the object's name (may be empty), and its spec."""

    origin: str
    name: str
    spec: Mapping[str, Any]


def parse(text: str, origin: str) -> OperatorFile:
    """Read and check one file. Raises InstallError naming file, field and cure."""
    try:
        documents = [document for document in yaml_text.load_all(text) if document]
    except yaml_text.YamlError as problem:
        raise InstallError(f"{origin}: not YAML: {' '.join(str(problem).split())}") from None
    if len(documents) != 1:
        raise InstallError(f"{origin}: expected exactly one {KIND}, found {len(documents)} documents; give one -f each")
    document = documents[0]
    _check_kind(document, origin)
    metadata = document.get("metadata") or {}
    spec: Values = document.get("spec") or {}
    check_spec(spec, origin)
    return OperatorFile(origin, str(metadata.get("name") or ""), spec)


def _check_kind(document: Any, origin: str) -> None:
    if not isinstance(document, Mapping):
        raise InstallError(f"{origin}: expected an {KIND} object")
    found = (document.get("apiVersion"), document.get("kind"))
    if found != (API_VERSION, KIND):
        raise InstallError(f"{origin}: apiVersion and kind are {found[0]} {found[1]}; expected {API_VERSION} {KIND}")
    unknown = next((key for key in document if key not in ("apiVersion", "kind", "metadata", "spec", "status")), None)
    if unknown is not None:
        raise InstallError(f"{origin}: unknown field {unknown!r}; settings stand below spec")


def check_spec(spec: Mapping[str, Any], origin: str) -> None:
    """Raise InstallError for the first thing that is wrong in a spec put together from files and flags."""
    problem = next(_problems(spec), "")
    if problem:
        raise InstallError(f"{origin}: {problem}")


def _problems(spec: Any) -> Iterator[str]:
    if not isinstance(spec, Mapping):
        yield "spec: expected a map"
        return
    for field, value in spec.items():
        if field not in _SPEC_FIELDS:
            yield unknown_field("spec", field, _SPEC_FIELDS)
        elif value is not None and not isinstance(value, _SPEC_FIELDS[field] | int | float):
            yield f"spec.{field}: expected {'a map' if _SPEC_FIELDS[field] is dict else 'text'}"
        elif _SPEC_FIELDS[field] is dict and not isinstance(value, Mapping | None):
            yield f"spec.{field}: expected a map"
    revision = str(spec.get("revision") or "")
    if revision and not _REVISION.fullmatch(revision):
        yield f"spec.revision: {revision!r} is no DNS-1123 label: use lower-case letters, digits and '-'"
    yield from _component_problems(spec.get("components") or {})


def _component_problems(components: Mapping[str, Any]) -> Iterator[str]:
    for name, settings in components.items():
        path = f"spec.components.{name}"
        if name in GATEWAY_COMPONENTS:
            yield from _gateway_problems(path, settings)
        elif name in SINGLE_COMPONENTS:
            yield from _settings_problems(path, settings or {}, _COMPONENT_FIELDS)
        else:
            yield unknown_field("spec.components", name, SINGLE_COMPONENTS + GATEWAY_COMPONENTS)


def _gateway_problems(path: str, gateways: Any) -> Iterator[str]:
    if not isinstance(gateways, list):
        yield f"{path}: expected a list; start each gateway with '- name: …'"
        return
    for index, gateway in enumerate(gateways):
        yield from _settings_problems(f"{path}[{index}]", gateway, _GATEWAY_FIELDS)
        if isinstance(gateway, Mapping) and not gateway.get("name"):
            yield f"{path}[{index}].name: a gateway needs a name"


def _settings_problems(path: str, settings: Any, fields: Collection[str]) -> Iterator[str]:
    if not isinstance(settings, Mapping):
        yield f"{path}: expected a map"
        return
    for field in settings:
        if field not in fields:
            yield unknown_field(path, field, fields)
    if not isinstance(settings.get("enabled", True), bool) and settings["enabled"] not in ("true", "false"):
        yield f"{path}.enabled: {settings['enabled']!r} is neither true nor false"
    k8s = settings.get("k8s") or {}
    if not isinstance(k8s, Mapping):
        yield f"{path}.k8s: expected a map"
        return
    for field in k8s:
        if field not in _K8S_FIELDS:
            yield unknown_field(f"{path}.k8s", field, _K8S_FIELDS)
    yield from _overlay_problems(f"{path}.k8s.overlays", k8s.get("overlays") or [])


def _overlay_problems(path: str, overlays: Any) -> Iterator[str]:
    if not isinstance(overlays, list):
        yield f"{path}: expected a list"
        return
    for index, overlay in enumerate(overlays):
        if not isinstance(overlay, Mapping) or not overlay.get("kind"):
            yield f"{path}[{index}].kind: say which object is patched"
        elif not all(isinstance(patch, Mapping) and patch.get("path") for patch in overlay.get("patches") or []):
            yield f"{path}[{index}].patches: each needs a path"


def unknown_field(path: str, field: str, known: Collection[str]) -> str:
    """A sentence about a field that does not exist, with the one that was probably meant."""
    close = difflib.get_close_matches(field, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(known))}"
    return f"{path}.{field}: unknown field; {hint}"


def is_enabled(settings: Mapping[str, Any] | None) -> bool:
    """Report whether a component is on: a listed one is, unless it says otherwise."""
    return settings is not None and settings.get("enabled", True) in (True, "true")
