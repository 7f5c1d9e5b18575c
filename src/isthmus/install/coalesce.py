"""A chart's own values under the user's, for it and for its subcharts.

Knows Helm's rules: maps are merged, null deletes a default, `global` is handed down, conditions and tags
switch subcharts off. Does not know what values mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus.install.chart import Chart
from isthmus.install.value_tree import Values, at, copied


def coalesced(chart: Chart, given: Mapping[str, Any]) -> Values:
    """The values that a chart's templates see: `given` over its defaults, and so for its subcharts."""
    values = _over(chart.values, given)
    for subchart in enabled_subcharts(chart, values):
        name = _alias(chart, subchart)
        inner = values.get(name)
        handed = copied(inner) if isinstance(inner, Mapping) else {}
        if isinstance(values.get("global"), Mapping):
            handed["global"] = _over(handed.get("global") or {}, values["global"])
        values[name] = coalesced(subchart, handed)
    return values


def _over(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> Values:
    result: Values = copied(defaults)
    for key, value in given.items():
        present = defaults.get(key)
        if value is None and key in defaults:
            del result[key]
        elif isinstance(present, Mapping) and isinstance(value, Mapping):
            result[key] = _over(present, value)
        else:
            result[key] = copied(value)
    return result


def enabled_subcharts(chart: Chart, values: Mapping[str, Any]) -> tuple[Chart, ...]:
    """The subcharts that neither a condition nor a tag switches off."""
    return tuple(subchart for subchart in chart.subcharts if _enabled(_dependency(chart, subchart), values))


def _dependency(chart: Chart, subchart: Chart) -> Mapping[str, Any]:
    entries = chart.metadata.get("dependencies") or ()
    return next((entry for entry in entries if entry.get("name") == subchart.name), {})


def _alias(chart: Chart, subchart: Chart) -> str:
    return str(_dependency(chart, subchart).get("alias") or subchart.name)


def _enabled(dependency: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    for condition in str(dependency.get("condition") or "").split(","):
        switch = at(values, *condition.strip().split(".")) if condition else None
        if isinstance(switch, bool):
            return switch
    tags = [at(values, "tags", tag) for tag in dependency.get("tags") or ()]
    switches = [tag for tag in tags if isinstance(tag, bool)]
    return any(switches) if switches else True
