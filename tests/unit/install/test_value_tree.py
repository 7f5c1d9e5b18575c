"""Merging values and setting paths in them."""

from typing import Any

import pytest

from isthmus.install.errors import InstallError
from isthmus.install.value_tree import merged, parse_setting, set_path


def with_setting(tree: dict[str, Any], setting: str) -> dict[str, Any]:
    path, value = parse_setting(setting)
    set_path(tree, path, value)
    return tree


def test_maps_merge_deeply_and_lists_are_replaced() -> None:
    base = {"a": {"x": 1, "y": [1, 2]}, "b": 1}
    assert merged(base, {"a": {"y": [3]}}) == {"a": {"x": 1, "y": [3]}, "b": 1}
    assert base == {"a": {"x": 1, "y": [1, 2]}, "b": 1}


@pytest.mark.parametrize(
    ("setting", "tree"),
    [
        ("a.b=1", {"a": {"b": 1}}),
        ("a.b=true", {"a": {"b": True}}),
        ("a=x=y", {"a": "x=y"}),
        (r"a.k8s\.io/x=v", {"a": {"k8s.io/x": "v"}}),
        ("a[0].b=x", {"a": [{"b": "x"}]}),
        ("a={x,1}", {"a": ["x", 1]}),
        ("a=", {"a": ""}),
        ("a=1.5", {"a": "1.5"}),
    ],
)
def test_a_setting_becomes_a_path_and_a_value(setting: str, tree: dict[str, Any]) -> None:
    assert with_setting({}, setting) == tree


def test_an_index_at_the_end_appends_and_one_within_changes() -> None:
    assert with_setting({"a": [{"b": 1}]}, "a[1].b=2") == {"a": [{"b": 1}, {"b": 2}]}
    assert with_setting({"a": [{"b": 1, "c": 1}]}, "a[0].b=2") == {"a": [{"b": 2, "c": 1}]}


@pytest.mark.parametrize("setting", ["a", "=1", "a[1].b=2", "a[x]=1"])
def test_a_malformed_setting_is_named(setting: str) -> None:
    with pytest.raises(InstallError, match=r"path|--set"):
        with_setting({"a": []}, setting)
