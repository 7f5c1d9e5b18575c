"""The wire forms understand the objects that users write."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from isthmus.api.crds import text
from isthmus.api.kinds import DEFINITIONS, definition_of
from isthmus.api.schema import field_docs
from isthmus.api.wire import Object
from isthmus.api.yaml_text import documents

ROOT = Path(__file__).parents[3]
EXAMPLES = [
    document for path in sorted((ROOT / "tests/cases/kinds").glob("*.yaml")) for document in documents(path.read_text())
]


def identify(example: Any) -> str:
    return f"{example['kind']}-{example['metadata']['name']}"


def spec_type(example: Any) -> Any:
    definition = definition_of(example["apiVersion"].partition("/")[0], example["kind"])
    assert definition is not None
    return definition.spec


@pytest.mark.parametrize("example", EXAMPLES, ids=identify)
def test_nothing_that_a_user_writes_is_lost_in_the_wire_form(example: Any) -> None:
    text = msgspec.json.encode(example)
    decoded = msgspec.json.decode(text, type=Object[spec_type(example)])
    written = msgspec.json.decode(msgspec.json.encode(decoded.spec))

    assert without_defaults(example["spec"]) == without_defaults(written)


def without_defaults(value: Any) -> Any:
    """Values that equal a default need not be written again."""
    match value:
        case dict():
            kept = {str(key): without_defaults(entry) for key, entry in value.items()}
            return {key: entry for key, entry in kept.items() if entry not in (0, "", False, {}, [], *DEFAULTS)}
        case list():
            return [without_defaults(entry) for entry in value]
    return value


DEFAULTS = ("ALLOW", "INLINE", "ANY", "UPSERT", "REGISTRY_ONLY", "TLS_AUTO")


def test_every_kind_has_an_example() -> None:
    assert {example["kind"] for example in EXAMPLES} == {definition.kind for definition in DEFINITIONS}


def test_every_served_version_but_the_rarest_has_an_example() -> None:
    shown = {(example["kind"], example["apiVersion"].partition("/")[2]) for example in EXAMPLES}
    for definition in DEFINITIONS:
        assert (definition.kind, definition.versions[-1]) in shown


def records(kind: Any) -> set[type[msgspec.Struct]]:
    found: set[type[msgspec.Struct]] = set()

    def walk(node: Any) -> None:
        match node:
            case msgspec.inspect.StructType():
                found.add(node.cls)
                for entry in node.fields:
                    walk(entry.type)
            case msgspec.inspect.Metadata():
                walk(node.type)
            case msgspec.inspect.UnionType():
                for member in node.types:
                    walk(member)
            case msgspec.inspect.VarTupleType():
                walk(node.item_type)
            case msgspec.inspect.DictType():
                walk(node.value_type)

    walk(msgspec.inspect.type_info(kind))
    return found


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition.kind)
def test_every_field_is_described_once_and_no_description_is_stale(definition: Any) -> None:
    for record in records(definition.spec):
        names = {entry.encode_name for entry in msgspec.structs.fields(record)}
        assert set(field_docs(record)) == names, record


def test_the_committed_crds_are_those_of_the_models() -> None:
    committed = (ROOT / "charts/base/files/crds.yaml").read_text()
    assert committed == text(), "run: python -m isthmus.api.crds > charts/base/files/crds.yaml"
