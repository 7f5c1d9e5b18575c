"""Each object by itself: what validation says of it."""

from __future__ import annotations

from isthmus.analysis.codes import ADDRESSES_REQUIRED, INEFFECTIVE_MATCH, SCHEMA_ERROR, SCHEMA_WARNING, UNREACHABLE_RULE
from isthmus.analysis.finding import Finding, Findings, Origin, found
from isthmus.analysis.snapshot import Snapshot
from isthmus.api.config import Problem
from isthmus.validation.validate import kind_of, validate

_CODES = {
    "addresses-required": ADDRESSES_REQUIRED,
    "ineffective-match": INEFFECTIVE_MATCH,
    "unreachable-rule": UNREACHABLE_RULE,
}


def objects(snapshot: Snapshot) -> Findings:
    """Errors and warnings of every Istio object of the own cluster (IST0106, IST0130, IST0131, IST0133, IST0134)."""
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


def _warning(origin: Origin, problem: Problem) -> Finding:
    code = _CODES.get(problem.rule, SCHEMA_WARNING)
    return found(code, origin, problem)
