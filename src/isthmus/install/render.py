"""A chart and values to objects, the same as Helm's.

Knows in which order Helm parses and executes templates, and how it splits their output.
Does not know IstioOperator files or clusters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import msgspec

from isthmus.gotemplate import MethodMap, TemplateError, Templates, yaml_text
from isthmus.install.chart import Chart
from isthmus.install.chart_objects import Capabilities, Release, chart_record, files_map
from isthmus.install.coalesce import coalesced, enabled_subcharts
from isthmus.install.errors import InstallError

Object: TypeAlias = dict[str, Any]

_SEPARATOR = re.compile(r"(?:^|\s*\n)---\s*")


class Template(msgspec.Struct, frozen=True):
    """One template: its path from the outermost chart, its text, and the data of its chart."""

    path: str
    base_path: str
    text: str
    data: dict[str, Any]


def render(
    chart: Chart, values: Mapping[str, Any], release: Release, capabilities: Capabilities | None = None
) -> dict[str, str]:
    """The text of every template of a chart by its path, notes and empty ones left out.

    Raises InstallError naming template, line and expression.
    """
    templates = sorted(
        _templates(chart, _as_helm_decodes(values), release, capabilities or Capabilities()),
        key=lambda template: (template.path.count("/"), template.path),
        reverse=True,
    )
    engine = Templates(missing_key="zero")
    try:
        for template in templates:
            engine.add(template.path, template.text)
        return {each.path: text for each in templates if (text := _executed(engine, each)).strip()}
    except TemplateError as problem:
        raise InstallError(f"chart {chart.name}: {problem}") from None


def _executed(engine: Templates, template: Template) -> str:
    name = template.path.rpartition("/")[2]
    if name.startswith("_") or name == "NOTES.txt":
        return ""
    template.data["Template"] = {"Name": template.path, "BasePath": template.base_path}
    return engine.execute(template.path, template.data).replace("<no value>", "")


def _templates(
    chart: Chart, values: Mapping[str, Any], release: Release, capabilities: Capabilities
) -> Iterator[Template]:
    shared = {"Release": release.fields(), "Capabilities": capabilities.record()}
    yield from _templates_of(chart, coalesced(chart, values), shared, "")


def _templates_of(chart: Chart, values: Mapping[str, Any], shared: dict[str, Any], parent: str) -> Iterator[Template]:
    """Templates of a chart and its subcharts; those of one chart share their data, which `set` may change."""
    path = parent + chart.name
    data = {
        **shared,
        "Chart": chart_record(chart, is_root=not parent),
        "Files": files_map(chart.files),
        "Values": _with_methods(values),
        "Subcharts": {},
    }
    for name, text in chart.templates.items():
        if chart.metadata.get("type") != "library" or name.rpartition("/")[2].startswith("_"):
            yield Template(f"{path}/{name}", f"{path}/templates", text, data)
    for subchart in enabled_subcharts(chart, values):
        inner = values.get(subchart.name) or {}
        yield from _templates_of(subchart, inner, shared, f"{path}/charts/")


def _with_methods(values: Mapping[str, Any]) -> MethodMap:
    """`.Values` with the one method that charts call."""
    result = MethodMap(values, {"AsMap": lambda: result})
    return result


def _as_helm_decodes(value: Any) -> Any:
    """Numbers of values files are float64 in Helm; templates can tell."""
    if isinstance(value, Mapping):
        return {key: _as_helm_decodes(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_as_helm_decodes(entry) for entry in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def objects(
    chart: Chart, values: Mapping[str, Any], release: Release, capabilities: Capabilities | None = None
) -> list[Object]:
    """The objects that a chart renders to, template by template. Raises InstallError."""
    found = []
    for path, text in render(chart, values, release, capabilities).items():
        try:
            found += [entry for entry in documents(text) if entry]
        except yaml_text.YamlError as problem:
            raise InstallError(f"chart {chart.name}: {path} did not render to YAML: {problem}") from None
    return found


def documents(text: str) -> Iterator[Any]:
    """The YAML documents of a template's output."""
    for part in _SEPARATOR.split(text.strip()):
        if part.strip():
            yield yaml_text.load(part.strip() + "\n")
