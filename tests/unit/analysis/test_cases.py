"""What analysis finds in small meshes: one sentence, the objects of each cluster, all findings."""

from pathlib import Path
from typing import Any

import pytest

from isthmus.analysis.analyze import analyze
from isthmus.analysis.codes import ALL
from isthmus.analysis.decoding import Located, decode, mesh_settings
from isthmus.analysis.remote_secrets import remote_clusters
from isthmus.analysis.snapshot import ClusterSnapshot, Snapshot
from isthmus.api.yaml_text import documents

CASES: list[Any] = [
    case
    for path in sorted((Path(__file__).parents[2] / "cases/analysis").glob("*.yaml"))
    for case in documents(path.read_text())
]


def mesh(clusters: dict[str, list[Any]], *, live: bool, unreadable: list[str]) -> Snapshot:
    """The first cluster is the one that is asked; the others are read through secrets."""
    snapshots, findings = [], []
    for name, objects in clusters.items():
        kinds = frozenset(unreadable) if not snapshots else frozenset()
        base = ClusterSnapshot(name=name, live=live, configuration=not snapshots, unreadable=kinds)
        snapshot, reported = decode(base, [Located(written) for written in objects])
        snapshots.append(snapshot)
        findings += reported
    _, ignored = remote_clusters(snapshots[0], "istio-system")
    config, networks, problems = mesh_settings(snapshots[0], "istio-system")
    reading = (*findings, *ignored, *problems)
    return Snapshot(clusters=tuple(snapshots), mesh=config, networks=networks, reading=reading)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_a_mesh_has_exactly_these_findings(case: dict[str, Any]) -> None:
    assert set(case) <= {"case", "clusters", "live", "namespace", "unreadable", "findings"}
    snapshot = mesh(case["clusters"], live=case.get("live", True), unreadable=case.get("unreadable", []))
    found = analyze(snapshot, case.get("namespace", ""))
    assert [str(finding) for finding in found] == case["findings"]


def test_codes_are_unique_and_each_is_shown_by_a_case() -> None:
    assert len({code.id for code in ALL}) == len(ALL)
    shown = {line.partition("[")[2].partition("]")[0] for case in CASES for line in case["findings"]}
    by_reading = {"ISM0101", "ISM0104", "ISM0110", "ISM0115", "ISM0116", "ISM0117"}
    assert {code.id for code in ALL} - shown == by_reading


def test_every_code_is_explained_in_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs/analysis.md").read_text()
    for code in ALL:
        rest = f" {code.level.word} |" if code.id.startswith("ISM") else f" {code.name} |"
        assert f"| {code.id} |{rest}" in page
