"""What a look at joined clusters finds: one sentence, what was seen in each cluster, all findings."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from isthmus.analysis.decoding import InjectorValues, Located, cluster_id, decode, injector_values, mesh_settings
from isthmus.analysis.finding import Finding, Origin
from isthmus.analysis.remote_secrets import Failure, declared, unread
from isthmus.analysis.snapshot import ClusterSnapshot
from isthmus.api.core_endpoint_slice import EndpointSlice
from isthmus.checks.check import check
from isthmus.checks.codes import ALL
from isthmus.checks.facts import Fleet, Link, Member, Probe, Word
from isthmus.checks.reports import reported_names

SYSTEM = "istio-system"
CASES: list[Any] = [
    case
    for path in sorted((Path(__file__).parents[2] / "cases/checks").glob("*.yaml"))
    for case in yaml.safe_load(path.read_text())
]


def member(identity: str, seen: dict[str, Any]) -> Member:
    """`identity` is the cluster's UID and its name where no injector says another."""
    assert set(seen) <= {"objects", "leads", "fails", "probes", "words", "ahead", "unreadable"}
    objects = [Located(written) for written in seen.get("objects", [])]
    injectors = injector_values(objects, SYSTEM)
    name = cluster_id(objects, SYSTEM) if injectors else identity
    base = ClusterSnapshot(name=name, unreadable=frozenset(seen.get("unreadable", [])))
    snapshot, findings = decode(base, objects)
    assert not findings
    mesh, networks, _ = mesh_settings(snapshot, SYSTEM)
    return Member(
        snapshot=snapshot,
        uid=identity,
        context=identity,
        reported=reported_names(objects, injectors),
        injector=injectors[0] if injectors else InjectorValues(),
        mesh=mesh,
        networks=networks,
        slices=tuple(
            msgspec.convert(each.written, EndpointSlice) for each in objects if each.written["kind"] == "EndpointSlice"
        ),
        links=tuple(links(snapshot, seen)),
        probes=tuple(
            Probe(Origin(name, "Namespace", "", where), **probe) for where, probe in seen.get("probes", {}).items()
        ),
        words=tuple(Word(Origin(name, "Pod", SYSTEM, "istiod-0"), *word) for word in seen.get("words", [])),
        ahead=seen.get("ahead"),
    )


def links(snapshot: ClusterSnapshot, seen: dict[str, Any]) -> list[Link]:
    """`leads` says to which cluster a key leads, `fails` why one leads nowhere."""
    found = []
    for remote in declared(snapshot, SYSTEM):
        failure = seen.get("fails", {}).get(remote.name)
        broken = (unread(remote, Failure[failure], "as said"),) if failure else ()
        found.append(Link(remote, seen.get("leads", {}).get(remote.name, ""), broken))
    return found


def text(finding: Finding) -> str:
    where = f"{finding.origin} {finding.origin.field}".rstrip()
    return f"{finding.code.level.word} {finding.code.id} {finding.origin.cluster} ({where}) {finding.sentence}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_a_fleet_has_exactly_these_findings(case: dict[str, Any]) -> None:
    assert set(case) == {"case", "clusters", "findings"}
    members = tuple(member(identity, seen or {}) for identity, seen in case["clusters"].items())
    assert [text(finding) for finding in check(Fleet(members, SYSTEM))] == case["findings"]


def test_each_code_is_shown_by_a_case_and_has_cause_and_cure() -> None:
    shown = {line.split()[1] for case in CASES for line in case["findings"]}
    assert {code.id for code in ALL} - shown == set()
    assert [code.id for code in ALL if not (code.cause and code.cure)] == []


def test_every_code_is_explained_in_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs/check.md").read_text()
    assert [code.id for code in ALL if f"| {code.id} | {code.level.word} | {code.name} |" not in page] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_commands_of_cures_name_the_cluster_they_are_for(case: dict[str, Any]) -> None:
    members = tuple(member(identity, seen or {}) for identity, seen in case["clusters"].items())
    contexts = "|".join(re.escape(identity) for identity in case["clusters"])
    for finding in check(Fleet(members, SYSTEM)):
        commands = re.findall(r"kubectl \S+", finding.cure)
        assert [each for each in commands if not re.fullmatch(rf"kubectl --context=({contexts})", each)] == []
        assert not re.search(r"(-n|delete secret|delete mutatingwebhookconfiguration) --", finding.cure)
