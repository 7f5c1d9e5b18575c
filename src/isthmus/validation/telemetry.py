"""Rules of Telemetry."""

from __future__ import annotations

from isthmus.api.config import Problem
from isthmus.api.telemetry import Metrics, Telemetry, Tracing
from isthmus.validation.findings import Findings, duration
from isthmus.validation.selectors import selector, targets


def telemetry(spec: Telemetry) -> Findings:
    """Rules of the whole object."""
    yield from selector("spec.selector", spec.selector)
    yield from targets("spec", spec.target_ref, spec.target_refs)
    for index, tracing in enumerate(spec.tracing):
        yield from _tracing(f"spec.tracing[{index}]", tracing)
    for index, metrics in enumerate(spec.metrics):
        yield from _metrics(f"spec.metrics[{index}]", metrics)
    for index, logging in enumerate(spec.access_logging):
        if logging.filter and not logging.filter.expression.strip():
            yield Problem(f"spec.accessLogging[{index}].filter.expression", "must not be empty")


def _tracing(path: str, tracing: Tracing) -> Findings:
    if len(tracing.providers) > 1:
        yield Problem(f"{path}.providers", "spans go to one provider only")
    for name, tag in tracing.custom_tags.items():
        if not name:
            yield Problem(f"{path}.customTags", "a tag needs a name")
        if not (tag.literal or tag.environment or tag.header or tag.formatter):
            yield Problem(f"{path}.customTags[{name}]", "one of literal, environment, header, formatter must be set")


def _metrics(path: str, metrics: Metrics) -> Findings:
    yield from duration(f"{path}.reportingInterval", metrics.reporting_interval)
    for index, override in enumerate(metrics.overrides):
        for name, tag in override.tag_overrides.items():
            where = f"{path}.overrides[{index}].tagOverrides[{name}].value"
            if tag.operation == "UPSERT" and not tag.value:
                yield Problem(where, "UPSERT needs a value")
            if tag.operation == "REMOVE" and tag.value:
                yield Problem(where, "REMOVE has no value")
