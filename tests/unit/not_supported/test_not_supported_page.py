"""docs/not-supported.md: each row is tried, and says what the page says; and no gap is missing from the page."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from isthmus.analysis.analyze import analyze
from isthmus.analysis.decoding import Located, decode
from isthmus.analysis.snapshot import ClusterSnapshot, Snapshot
from isthmus.cli.absent import ABSENT
from isthmus.cli.main import main
from isthmus.validation.admission import review
from isthmus.validation.unserved import ACCEPTED, ACTIONS, FIELDS, KINDS, SETTINGS

PAGE = (Path(__file__).parents[3] / "docs/not-supported.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without code marks."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip().strip("`") for cell in line.strip("|").split(" | ")] for line in lines]


def answered(version: str, kind: str, spec: Any, **annotations: str) -> dict[str, Any]:
    written = {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": "x", "namespace": "n", "annotations": annotations},
        "spec": spec,
    }
    request = {"uid": "1", "operation": "CREATE", "object": written}
    asked = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    response: dict[str, Any] = json.loads(review(json.dumps(asked).encode()))["response"]
    return response


@pytest.mark.parametrize(("kind", "spec", "outcome", "said"), rows("Objects and fields"))
def test_an_object_is_refused_or_warned_of_as_the_page_says(kind: str, spec: str, outcome: str, said: str) -> None:
    answer = answered(*kind.split(), yaml.safe_load(spec))
    assert answer["allowed"] is (outcome == "warning"), answer
    if outcome == "warning":
        assert said in answer["warnings"]
    else:
        assert said in answer["status"]["message"]


@pytest.mark.parametrize("kind", [kind for kind, _, outcome, _ in rows("Objects and fields") if outcome == "refused"])
def test_what_is_refused_can_be_kept_by_annotation(kind: str) -> None:
    spec = next(spec for named, spec, outcome, _ in rows("Objects and fields") if (named, outcome) == (kind, "refused"))
    answer = answered(*kind.split(), yaml.safe_load(spec), **{ACCEPTED: "accepted"})
    assert answer["allowed"]
    assert any("not enforced" in warning for warning in answer["warnings"])


@pytest.mark.parametrize(("setting", "said"), rows("Mesh settings"))
def test_a_setting_without_effect_is_a_finding_of_analyze(setting: str, said: str) -> None:
    metadata = {"name": "istio", "namespace": "istio-system"}
    written = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"mesh": setting}}
    cluster, _ = decode(ClusterSnapshot(name="c1"), [Located(written)])
    findings = analyze(Snapshot(clusters=(cluster,)))
    assert f"Mesh settings: {setting.partition(':')[0]}: {said}" in [
        finding.message for finding in findings if finding.code.id == "ISM0119"
    ]


@pytest.mark.parametrize(("command", "said"), rows("Commands"))
def test_a_command_that_is_not_there_says_what_to_do_instead(command: str, said: str) -> None:
    result = CliRunner().invoke(main, shlex.split(command)[1:])
    assert result.exit_code != 0
    assert said in " ".join(result.output.split())


def test_the_page_lists_every_gap() -> None:
    objects = rows("Objects and fields")
    assert {kind.split()[1] for kind, *_ in objects} == KINDS.keys() | FIELDS.keys()
    texts = {kind: " ".join(spec for named, spec, *_ in objects if named.endswith(kind)) for kind in FIELDS}
    missing = [
        (kind, field)
        for kind, fields in FIELDS.items()
        for field in fields
        if not re.search(rf"\b{field}\b", texts[kind])
    ]
    assert missing == []
    assert [action for action in ACTIONS if f"action: {action}" not in texts["AuthorizationPolicy"]] == []
    assert {setting.partition(":")[0] for setting, _ in rows("Mesh settings")} == SETTINGS.keys()
    assert ABSENT.keys() <= {word for command, _ in rows("Commands") for word in command.split()}
