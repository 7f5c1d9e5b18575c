"""Selectors and target references, which several kinds share."""

from __future__ import annotations

from isthmus.api.config import Problem
from isthmus.api.selector import LabelSelector, PolicyTargetReference, WorkloadSelector
from isthmus.validation.findings import Findings, labels, warning

_TARGETS = frozenset(
    {
        ("gateway.networking.k8s.io", "Gateway"),
        ("gateway.networking.k8s.io", "GatewayClass"),
        ("", "Service"),
        ("core", "Service"),
        ("networking.istio.io", "ServiceEntry"),
    }
)


def selector(path: str, value: LabelSelector | WorkloadSelector | None) -> Findings:
    """Malformed labels of a selector, and wildcards, which selectors do not have."""
    if value is None:
        return
    wanted = value.match_labels if isinstance(value, LabelSelector) else value.labels
    field = f"{path}.matchLabels" if isinstance(value, LabelSelector) else f"{path}.labels"
    if not wanted:
        yield warning(path, "selects every workload, like no selector at all; name labels or leave it out")
    if any("*" in text for text in wanted.values()):
        yield Problem(field, "wildcards are not allowed in selectors")
        return
    yield from labels(field, wanted)


def targets(path: str, one: PolicyTargetReference | None, several: tuple[PolicyTargetReference, ...]) -> Findings:
    """References to objects that policies cannot be attached to."""
    found = [(f"{path}.targetRef", one)] if one else []
    found += [(f"{path}.targetRefs[{index}]", entry) for index, entry in enumerate(several)]
    for where, target in found:
        if target.namespace:
            yield Problem(f"{where}.namespace", "targets of other namespaces are not supported; leave it out")
        if (target.group, target.kind) not in _TARGETS:
            yield Problem(f"{where}.kind", f"{target.group or 'core'}/{target.kind} cannot be a target")
