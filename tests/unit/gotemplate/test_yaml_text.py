"""YAML is read and written as Kubernetes' tools do it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.gotemplate import yaml_text

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8"), max_size=20)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc019.: -", max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(TREES)
def test_what_is_written_is_read_back(tree: Any) -> None:
    assert yaml_text.load(yaml_text.dump(tree)) == tree


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("n", False),
        ("~", None),
        ("0755", 493),
        ("0o17", 15),
        ("1_000", 1000),
        ("08", 8.0),
        ("1e3", 1000.0),
        ("2024-01-02", "2024-01-02"),
        ("12:30:45", "12:30:45"),
        ("'5'", "5"),
        ("18446744073709551616", 18446744073709551616.0),
        ("{<<: {a: 1}, b: 2}", {"a": 1, "b": 2}),
        ("{1: a, true: b}", {"1": "a", "true": "b"}),
    ],
)
def test_a_scalar_means_what_it_means_to_kubernetes(text: str, value: Any) -> None:
    read = yaml_text.load(text)
    assert read == value
    assert type(read) is type(value)


def test_keys_with_numbers_are_ordered_by_the_numbers() -> None:
    assert list(yaml_text.load(yaml_text.dump({"a10": 1, "a9": 1, "_": 1, "B": 1}))) == ["_", "B", "a9", "a10"]


def test_malformed_text_names_line_and_column() -> None:
    with pytest.raises(yaml_text.YamlError, match="line 2, column 1"):
        yaml_text.load("a: [\n")
