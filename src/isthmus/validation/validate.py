"""``validate``: everything that can be said of one object without looking at others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from isthmus.api.config import Problem, Problems, Severity
from isthmus.api.definition import Definition
from isthmus.api.kinds import definition_of
from isthmus.api.reason import problem_of
from isthmus.api.schema import Schema, schema_of
from isthmus.api.wire import Wire
from isthmus.validation import authentication, extensions, service_entry
from isthmus.validation.authorization_policy import authorization_policy
from isthmus.validation.destination_rule import destination_rule
from isthmus.validation.gateway import gateway
from isthmus.validation.sidecar import sidecar
from isthmus.validation.structure import mistakes
from isthmus.validation.telemetry import telemetry
from isthmus.validation.virtual_service import virtual_service

Verdict = tuple[Problems, Problems]
"""Errors, which refuse the object, and warnings, which do not."""

_RULES: Mapping[str, Callable[[Any], Iterator[Problem]]] = {
    "AuthorizationPolicy": authorization_policy,
    "DestinationRule": destination_rule,
    "EnvoyFilter": extensions.envoy_filter,
    "Gateway": gateway,
    "PeerAuthentication": authentication.peer_authentication,
    "ProxyConfig": extensions.proxy_config,
    "RequestAuthentication": authentication.request_authentication,
    "ServiceEntry": service_entry.service_entry,
    "Sidecar": sidecar,
    "Telemetry": telemetry,
    "TrafficExtension": extensions.traffic_extension,
    "VirtualService": virtual_service,
    "WasmPlugin": extensions.wasm_plugin,
    "WorkloadEntry": service_entry.workload_entry,
    "WorkloadGroup": service_entry.workload_group,
}


def validate(definition: Definition, written: Mapping[str, Any]) -> Verdict:
    """``(errors, warnings)`` of an object as decoded from JSON or YAML.

    Structure is checked first; rules about meaning are asked only of an object whose structure is right.
    """
    spec = written.get("spec")
    if spec is None:
        if definition.spec_required:
            return (Problem("spec", "required, but not set"),), ()
        spec = {}
    structural = tuple(mistakes(spec, _schema(definition.spec), "spec"))
    if structural:
        return structural, ()
    try:
        decoded = msgspec.convert(without_nulls(spec), definition.spec, strict=False)
    except msgspec.ValidationError as error:
        return (problem_of(error, "spec"),), ()
    found = tuple(_RULES[definition.kind](decoded))
    return (
        tuple(problem for problem in found if problem.severity is Severity.ERROR),
        tuple(problem for problem in found if problem.severity is Severity.WARNING),
    )


def kind_of(written: Mapping[str, Any]) -> Definition | None:
    """The definition of an object's kind by its ``apiVersion``; ``None`` when it is not Istio's or not served."""
    group, _, version = str(written.get("apiVersion", "")).partition("/")
    definition = definition_of(group, str(written.get("kind", "")))
    return definition if definition and version in definition.versions else None


def without_nulls(value: Any) -> Any:
    """The value without fields that are ``null``, which Kubernetes takes as not written."""
    match value:
        case dict():
            return {key: without_nulls(entry) for key, entry in value.items() if entry is not None}
        case list():
            return [without_nulls(entry) for entry in value]
    return value


@lru_cache(maxsize=64)
def _schema(spec: type[Wire]) -> Schema:
    return schema_of(spec)
