"""Each directory is a sentence about the mesh: ``input.yaml`` in, ``xds.yaml`` out.

``show`` in the input picks what the golden file holds, by patterns of resource names; a pattern that matches
nothing fails the case. Everything else is still translated, and read by a real Envoy in ``tests/envoy/translate``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml
from abbreviations import abbreviated
from mesh_files import Mesh
from static_bootstrap import KINDS, resources

from isthmus.model.status import Condition, Status

CASES = sorted(path.parent for path in Path(__file__).parent.glob("*/input.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_output_is_the_golden_one(case: Path, check_golden: Callable[[Path, str | None], None]) -> None:
    content = yaml.safe_load((case / "input.yaml").read_text())
    mesh = Mesh()
    proxies = mesh.load((case / "input.yaml").read_text())
    shown: dict[str, Any] = {
        proxy: shown_of(resources(mesh.discovery, proxy), wanted.get("show", {}))
        for proxy, wanted in zip(proxies, content.get("proxies", ()), strict=True)
    }
    if problems := mesh.discovery.problems():
        shown["problems"] = {" ".join(key): [str(one) for one in found] for key, found in sorted(problems.items())}
    if statuses := mesh.discovery.statuses():
        shown["statuses"] = {f"{key.kind} {key.namespace}/{key.name}": brief(found) for key, found in statuses.items()}
    check_golden(case / "xds.yaml", yaml.safe_dump(abbreviated(shown), width=118))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_resource_by_name_is_the_one_in_the_whole(case: Path) -> None:
    mesh = Mesh()
    for proxy in mesh.load((case / "input.yaml").read_text()):
        for type_url in KINDS.values():
            everything = dict(mesh.discovery.wildcard(proxy, type_url))
            assert dict(mesh.discovery.named(proxy, type_url, everything)) == everything
            assert not mesh.discovery.named(proxy, type_url, ["outbound|1||nobody.nowhere", "1.2.3.4_5", "none"])


def test_no_golden_is_left_without_its_input() -> None:
    assert sorted(path.parent for path in Path(__file__).parent.glob("*/xds.yaml")) == CASES


def brief(status: Status) -> dict[str, Any]:
    """A status without what is as it should be: conditions that are true are named only."""
    shown: dict[str, Any] = {"conditions": _conditions(status.conditions)} if status.conditions else {}
    if status.addresses:
        shown["addresses"] = [value for _, value in status.addresses]
    for one in status.listeners:
        found = {"attached": one.attached, "kinds": " ".join(one.kinds), "conditions": _conditions(one.conditions)}
        shown.setdefault("listeners", {})[one.name] = found
    for parent in status.parents:
        place = "/".join(filter(None, (parent.namespace, parent.name, parent.section_name, str(parent.port or ""))))
        shown.setdefault("parents", {})[place] = _conditions(parent.conditions)
    return shown


def _conditions(conditions: Iterable[Condition]) -> dict[str, str]:
    return {one.type: one.reason if one.status else f"not: {one.reason}: {one.message}" for one in conditions}


def shown_of(found: Mapping[str, Mapping[str, Any]], show: Mapping[str, list[str]]) -> dict[str, Any]:
    """The resources whose names match, by kind."""
    result: dict[str, Any] = {}
    for kind, patterns in show.items():
        for pattern in patterns:
            names = [name for name in found[kind] if fnmatchcase(name, pattern)]
            assert names, f"{kind} {pattern!r} matches none of {sorted(found[kind])}"
            result.setdefault(kind, {}).update({name: found[kind][name] for name in names})
    return result
