"""Reading MeshConfig from texts and laying several over each other (contract: later layers win).

Scalars and messages are replaced field by field; ``defaultConfig`` is merged deeply; ``defaultProviders``
by field; ``extensionProviders`` by name; ``trustDomainAliases`` are united and sorted; other lists are
replaced. A malformed field is left out of its layer and reported; the fields of lower layers then stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from isthmus.api.config import Problem, Problems, Severity
from isthmus.api.mesh_config import MeshConfig
from isthmus.api.proxy_settings import ProxySettings
from isthmus.api.reason import problem_of
from isthmus.api.wire import Wire
from isthmus.api.yaml_text import YamlError, document

Layer = Mapping[str, Any]

_HISTORICAL = frozenset(
    {
        "accessLogService", "authPolicy", "disableMixerHttpReports", "disablePolicyChecks", "disableReportBatch",
        "enableClientSidePolicyCheck", "enableSdsTokenMount", "localityLbSettingEnabled", "mixerCheckServer",
        "mixerReportServer", "policyCheckFailOpen", "reportBatchMaxEntries", "reportBatchMaxTime", "sdsUdsPath",
        "sdsUseK8sSaJwt", "sidecarToTelemetrySessionAffinity", "thriftConfig", "telemetryV2",
    }
)  # fmt: skip
"""Fields of old releases that users still write; accepted without effect."""


def layer(text: str, source: str = "mesh") -> tuple[Layer, Problems]:
    """The well-formed fields of one YAML text. ``source`` names the text in problems."""
    try:
        raw = document(text)
    except YamlError as error:
        return {}, (Problem(source, f"is not YAML: {error}"),)
    if raw is None:
        return {}, ()
    if not isinstance(raw, dict):
        return {}, (Problem(source, "write a map of MeshConfig fields"),)
    return _well_formed(MeshConfig, raw, source)


def trust_domain(text: str) -> str | None:
    """The trust domain that one YAML text gives; None when it gives none that can be used."""
    found = layer(text)[0].get("trustDomain")
    return str(found) if found else None


def merge(layers: Iterable[Layer]) -> Layer:
    """One layer from several; later ones win."""
    merged: dict[str, Any] = {}
    for over in layers:
        for name, value in over.items():
            rule = _RULES.get(name)
            merged[name] = rule(merged[name], value) if rule and name in merged else value
    return merged


def mesh_config(layers: Iterable[Layer]) -> MeshConfig:
    """The settings that layers give, over the built-in defaults. Layers come from ``layer``: well formed."""
    return msgspec.convert(merge(layers), MeshConfig)


def parse(text: str, source: str = "mesh") -> tuple[MeshConfig, Problems]:
    """The settings of a single text."""
    fields, problems = layer(text, source)
    return mesh_config((fields,)), problems


def _well_formed(kind: type[Wire], raw: Mapping[str, Any], path: str) -> tuple[Layer, Problems]:
    known = {entry.encode_name: entry for entry in msgspec.structs.fields(kind)}
    kept: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in raw.items():
        where = f"{path}.{name}"
        if name not in known:
            problems.append(_unknown(where, name))
        elif value is None:
            continue
        elif name == "defaultConfig" and isinstance(value, dict):
            kept[name], inner = _well_formed(ProxySettings, value, where)
            problems.extend(inner)
        elif problem := _misfit(value, known[name].type, where):
            problems.append(Problem(problem.path, f"{problem.message}; the field is ignored"))
        else:
            kept[name] = value
    return kept, tuple(problems)


def _unknown(where: str, name: str) -> Problem:
    why = "is a field of an old release and has no effect" if name in _HISTORICAL else "is not a known field"
    return Problem(where, why, Severity.WARNING)


def _misfit(value: object, type_: Any, path: str) -> Problem | None:
    try:
        msgspec.convert(value, type_)
    except msgspec.ValidationError as error:
        return problem_of(error, path)
    return None


def _deep(under: Any, over: Any) -> Any:
    if not (isinstance(under, Mapping) and isinstance(over, Mapping)):
        return over
    return {**under, **{name: _deep(under[name], value) if name in under else value for name, value in over.items()}}


def _by_name(under: Any, over: Any) -> Any:
    named = {entry["name"]: entry for entry in under}
    named.update({entry["name"]: entry for entry in over})
    return list(named.values())


def _fieldwise(under: Any, over: Any) -> Any:
    return {**under, **over}


def _united(under: Any, over: Any) -> Any:
    return sorted({*under, *over})


_RULES: Mapping[str, Callable[[Any, Any], Any]] = {
    "defaultConfig": _deep,
    "defaultProviders": _fieldwise,
    "extensionProviders": _by_name,
    "trustDomainAliases": _united,
}
