"""Helm charts as they lie on disk: metadata, default values, templates, files, subcharts.

Knows the layout of a chart's directory. Does not know how templates are rendered.
"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from isthmus.gotemplate import yaml_text
from isthmus.install.errors import InstallError


class Chart(msgspec.Struct, frozen=True):
    """One chart. `templates` and `files` are by path from the chart's root, `values` as Helm decodes them."""

    metadata: Mapping[str, Any]
    values: Mapping[str, Any]
    templates: Mapping[str, str]
    files: Mapping[str, bytes]
    definitions: tuple[str, ...] = ()
    subcharts: tuple[Chart, ...] = ()

    @property
    def name(self) -> str:
        """The chart's name, which subcharts' values are found by."""
        return str(self.metadata["name"])


@cache
def load(directory: Path) -> Chart:
    """Read a chart. Raises InstallError naming the file that is missing or malformed."""
    definition = directory / "Chart.yaml"
    if not definition.is_file():
        raise InstallError(f"{directory} is no chart: it has no Chart.yaml")
    contents = dict(_contents(directory))
    metadata = _map(definition, contents.pop("Chart.yaml"))
    subcharts = tuple(load(path) for path in sorted(directory.glob("charts/*")) if (path / "Chart.yaml").is_file())
    _check_dependencies(definition, metadata, subcharts)
    return Chart(
        metadata=metadata,
        values=_map(directory / "values.yaml", contents.pop("values.yaml", b"")),
        templates={path: text.decode() for path, text in contents.items() if path.startswith("templates/")},
        files={path: text for path, text in contents.items() if not path.startswith(("templates/", "crds/"))},
        definitions=tuple(text.decode() for path, text in sorted(contents.items()) if path.startswith("crds/")),
        subcharts=subcharts,
    )


def _check_dependencies(definition: Path, metadata: Mapping[str, Any], subcharts: tuple[Chart, ...]) -> None:
    present = {subchart.name for subchart in subcharts}
    missing = [str(entry["name"]) for entry in metadata.get("dependencies") or () if entry["name"] not in present]
    if missing:
        cure = "unpack each into a directory below charts/ (`helm dependency build`, then `tar xf`)"
        raise InstallError(f"{definition}: dependencies are missing: {', '.join(missing)}; {cure}")


def _contents(directory: Path) -> Iterator[tuple[str, bytes]]:
    ignored = _ignored(directory)
    for path in sorted(_files(directory)):
        relative = path.relative_to(directory).as_posix()
        if not relative.startswith("charts/") and not _matches(relative, ignored):
            yield relative, path.read_bytes()


def _files(directory: Path) -> Iterator[Path]:
    """All files below a directory, those behind symbolic links too, as Helm has it: charts share files by links."""
    for root, _, names in os.walk(directory, followlinks=True):
        yield from (Path(root, name) for name in names)


def _ignored(directory: Path) -> tuple[str, ...]:
    file = directory / ".helmignore"
    lines = file.read_text().splitlines() if file.is_file() else []
    return (".helmignore", *(line.strip() for line in lines if line.strip() and not line.startswith("#")))


def _matches(relative: str, patterns: tuple[str, ...]) -> bool:
    name = relative.rpartition("/")[2]
    return any(
        fnmatch.fnmatch(name, pattern)
        or fnmatch.fnmatch(relative, pattern.lstrip("/"))
        or relative.startswith(pattern.strip("/") + "/")
        for pattern in patterns
    )


def _map(path: Path, text: bytes) -> Mapping[str, Any]:
    try:
        value = yaml_text.load(text.decode(), integers=float)
    except (yaml_text.YamlError, UnicodeDecodeError) as problem:
        raise InstallError(f"{path}: {problem}") from None
    if not isinstance(value, dict | None):
        raise InstallError(f"{path}: expected a map")
    return value or {}
