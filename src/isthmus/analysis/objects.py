"""Each object by itself: what validation says of it."""

from __future__ import annotations

from isthmus.analysis.cluster_codes import NOT_ENFORCED, WITHOUT_EFFECT
from isthmus.analysis.codes import ADDRESSES_REQUIRED, INEFFECTIVE_MATCH, SCHEMA_ERROR, SCHEMA_WARNING, UNREACHABLE_RULE
from isthmus.analysis.finding import Finding, Findings, Origin, found
from isthmus.analysis.snapshot import Snapshot
from isthmus.api.config import Problem, Severity
from isthmus.api.yaml_text import YamlError, document
from isthmus.validation.unserved import unserved, unserved_settings
from isthmus.validation.validate import kind_of, validate

_CODES = {
    "addresses-required": ADDRESSES_REQUIRED,
    "ineffective-match": INEFFECTIVE_MATCH,
    "unreachable-rule": UNREACHABLE_RULE,
}


def objects(snapshot: Snapshot) -> Findings:
    """Errors and warnings of every Istio object of the own cluster (IST0106, IST0130, IST0131, IST0133, IST0134).

    What this mesh does not do is ISM0118 where it would protect, and ISM0119 elsewhere.
    """
    for entry in snapshot.own.written:
        definition = kind_of(entry.value)
        if definition is None:
            version = f"{entry.value.get('apiVersion')}/{entry.value.get('kind')}"
            yield found(SCHEMA_ERROR, entry.origin, f"{version} is not a version of a kind of this mesh")
            continue
        errors, warnings = validate(definition, entry.value)
        for problem in errors:
            yield found(SCHEMA_ERROR, entry.origin, problem)
        for problem in warnings:
            yield _warning(entry.origin, problem)
        for problem in () if errors else unserved(definition.kind, entry.value):
            code = NOT_ENFORCED if problem.severity is Severity.ERROR else WITHOUT_EFFECT
            yield found(code, entry.origin.at(problem.path), problem)
    yield from _settings(snapshot)


def _settings(snapshot: Snapshot) -> Findings:
    """The mesh settings of every revision; what is no YAML is reported where they are read."""
    for entry in snapshot.own.config_maps:
        name = entry.origin.name
        if entry.origin.namespace == snapshot.system_namespace and (name == "istio" or name.startswith("istio-")):
            try:
                written = document(entry.value.data.get("mesh", ""))
            except YamlError:
                continue
            for problem in unserved_settings(written):
                yield found(WITHOUT_EFFECT, entry.origin.at(f"data.mesh.{problem.path}"), f"Mesh settings: {problem}")


def _warning(origin: Origin, problem: Problem) -> Finding:
    code = _CODES.get(problem.rule, SCHEMA_WARNING)
    return found(code, origin, problem)
