"""What validation says of objects: one sentence, one object, its errors and warnings."""

from pathlib import Path
from typing import Any

import pytest

from isthmus.api.kinds import DEFINITIONS
from isthmus.api.yaml_text import documents
from isthmus.validation.validate import kind_of, validate

ROOT = Path(__file__).parents[2] / "cases"


def read(folder: str) -> list[Any]:
    return [entry for path in sorted((ROOT / folder).glob("*.yaml")) for entry in documents(path.read_text())]


@pytest.mark.parametrize("case", read("validation"), ids=lambda case: case["case"])
def test_an_object_gets_exactly_these_errors_and_warnings(case: dict[str, Any]) -> None:
    definition = next(entry for entry in DEFINITIONS if entry.kind == case["kind"])
    assert set(case) <= {"case", "kind", "spec", "errors", "warnings"}
    errors, warnings = validate(definition, {"metadata": {"name": "x"}, "spec": case["spec"]})
    assert [str(problem) for problem in errors] == case.get("errors", [])
    assert [str(problem) for problem in warnings] == case.get("warnings", [])


@pytest.mark.parametrize("example", read("kinds"), ids=lambda each: f"{each['kind']}-{each['metadata']['name']}")
def test_the_documented_examples_are_valid(example: dict[str, Any]) -> None:
    definition = kind_of(example)
    assert definition is not None
    assert validate(definition, example) == ((), ())


def test_every_kind_has_rules_that_refuse_something() -> None:
    refused = {case["kind"] for case in read("validation") if case.get("errors")}
    assert refused == {definition.kind for definition in DEFINITIONS}


def test_fields_that_are_null_count_as_not_written() -> None:
    definition = kind_of({"apiVersion": "networking.istio.io/v1", "kind": "Sidecar"})
    assert definition is not None
    spec = {"workloadSelector": None, "egress": [{"port": None, "hosts": ["./*"]}]}
    assert validate(definition, {"spec": spec}) == ((), ())


def test_a_version_that_is_not_served_is_no_kind_of_the_mesh() -> None:
    assert kind_of({"apiVersion": "networking.istio.io/v1", "kind": "EnvoyFilter"}) is None
    assert kind_of({"apiVersion": "networking.istio.io/v1alpha3", "kind": "EnvoyFilter"}) is not None
    assert kind_of({"apiVersion": "apps/v1", "kind": "Deployment"}) is None
