"""Profile, files, flags: which setting wins.

Knows the order (profile, what is built in, files in turn, `--set` in turn) and which fields of a spec are values
by another name. Does not know charts.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from isthmus import __version__
from isthmus.install.errors import InstallError
from isthmus.install.operator_file import OperatorFile, check_spec, is_enabled
from isthmus.install.profiles import profile_spec
from isthmus.install.value_tree import Values, at, copied, merged, parse_setting, put, set_path

HUB = "docker.io/isthmus"
DEFAULT_NAMESPACE = "istio-system"
DEFAULT_PROFILE = "default"

_VALUE_OF_FIELD = {
    "hub": ("global", "hub"),
    "tag": ("global", "tag"),
    "revision": ("revision",),
    "meshConfig": ("meshConfig",),
    "compatibilityVersion": ("compatibilityVersion",),
}


class Request(msgspec.Struct, frozen=True):
    """What the user asked for. `settings` are the texts of `--set`; empty texts stand for flags not given."""

    charts: Path
    files: tuple[OperatorFile, ...] = ()
    settings: tuple[str, ...] = ()
    revision: str = ""
    istio_namespace: str = ""


class Installation(msgspec.Struct, frozen=True):
    """A request with everything settled. `asked` are the values that the user wrote, for pointing out mistakes."""

    charts: Path
    name: str
    profile: str
    revision: str
    namespace: str
    components: Mapping[str, Any]
    values: Mapping[str, Any]
    asked: Mapping[str, Any]


def specification(request: Request) -> Values:
    """The spec that profile, files and flags make together. Raises InstallError naming the flag or field."""
    return _on_profile(request, _asked(request))


def _on_profile(request: Request, asked: Mapping[str, Any]) -> Values:
    profile = str(asked.get("profile") or DEFAULT_PROFILE)
    spec = merged(profile_spec(_charts(request, asked), profile), {"hub": HUB, "tag": __version__})
    return merged(spec, asked)


def _charts(request: Request, asked: Mapping[str, Any]) -> Path:
    return Path(str(asked["installPackagePath"])) if asked.get("installPackagePath") else request.charts


def settle(request: Request) -> Installation:
    """Put profile, files and flags together. Raises InstallError naming the flag or field."""
    asked = _asked(request)
    spec = _on_profile(request, asked)
    asked_values = merged(asked.get("unvalidatedValues") or {}, asked.get("values") or {})
    values = _values(spec, asked_values)
    namespace = str(at(values, "global", "istioNamespace") or DEFAULT_NAMESPACE)
    put(values, ("global", "istioNamespace"), namespace)
    return Installation(
        charts=_charts(request, asked),
        name=next((file.name for file in reversed(request.files) if file.name), ""),
        profile=str(asked.get("profile") or DEFAULT_PROFILE),
        revision=_default_is_empty(str(values.get("revision") or "")),
        namespace=namespace,
        components=spec.get("components") or {},
        values=values,
        asked=asked_values,
    )


def _default_is_empty(revision: str) -> str:
    return "" if revision == "default" else revision


def _asked(request: Request) -> Values:
    spec: Values = {}
    for file in request.files:
        spec = merged(spec, file.spec)
    for setting in request.settings:
        _apply_setting(spec, setting, request.charts)
    if request.revision:
        spec["revision"] = request.revision
    if request.istio_namespace:
        put(spec, ("values", "global", "istioNamespace"), request.istio_namespace)
    elif spec.get("namespace") and not at(spec, "values", "global", "istioNamespace"):
        put(spec, ("values", "global", "istioNamespace"), spec["namespace"])
    return spec


def _apply_setting(spec: Values, setting: str, charts: Path) -> None:
    path, value = parse_setting(setting)
    if len(path) > 2 and path[0] == "components" and isinstance(path[2], int):
        _start_from_profile(spec, str(path[1]), charts)
    if path in (("hub",), ("tag",), ("revision",), ("profile",)):
        value = setting.partition("=")[2]
    set_path(spec, path, value)
    check_spec(spec, f"--set {setting}")


def _start_from_profile(spec: Values, component: str, charts: Path) -> None:
    """An index of `--set` counts in the profile's list where no file has one."""
    components = spec.setdefault("components", {})
    if component not in components:
        profile = profile_spec(charts, str(spec.get("profile") or DEFAULT_PROFILE))
        components[component] = copied(at(profile, "components", component) or [])


def _values(spec: Mapping[str, Any], asked: Mapping[str, Any]) -> Values:
    values: Values = copied(spec.get("values") or {})
    for field, path in _VALUE_OF_FIELD.items():
        value = spec.get(field)
        if isinstance(value, Mapping):
            values = merged(values, {path[0]: value})
        elif value is not None:
            put(values, path, str(value))
    values = merged(values, spec.get("unvalidatedValues") or {})
    values = merged(values, asked)
    components = spec.get("components") or {}
    put(values, ("pilot", "enabled"), is_enabled(components.get("pilot")))
    if is_enabled(components.get("cni")):
        put(values, ("pilot", "cni", "enabled"), True)
    _check_maps(values)
    return values


def _check_maps(values: Mapping[str, Any]) -> None:
    """Sections that everything else is looked up in must be maps."""
    for path in (("global",), ("pilot",), ("global", "proxy"), ("global", "multiCluster"), ("gateways",)):
        if not isinstance(at(values, *path), Mapping | None):
            raise InstallError(f"spec.values.{'.'.join(path)}: expected a map")
