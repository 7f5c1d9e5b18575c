"""Overlay paths, as Istio's guides write them."""

from typing import Any

import pytest

from isthmus.install.errors import InstallError
from isthmus.install.tree_path import delete, write


def deployment() -> dict[str, Any]:
    return {"spec": {"volumes": [{"name": "a"}], "containers": [{"name": "discovery", "args": ["x", "y"]}]}}


def test_an_index_beyond_the_end_appends() -> None:
    tree = deployment()
    write(tree, "spec.volumes[100]", {"name": "b"})
    write(tree, "spec.volumes[-1]", {"name": "c"})
    assert [volume["name"] for volume in tree["spec"]["volumes"]] == ["a", "b", "c"]


def test_an_element_is_found_by_key_and_value() -> None:
    tree = deployment()
    write(tree, "spec.containers[name:discovery].env[0]", {"name": "A"})
    write(tree, "spec.containers.[name:discovery].args[:y]", "z")
    assert tree["spec"]["containers"] == [{"name": "discovery", "args": ["x", "z"], "env": [{"name": "A"}]}]


def test_a_scalar_is_found_by_its_value_without_colon_and_by_a_pattern() -> None:
    tree = {"args": ["discovery", "--domain", "30m", {"map": 1}]}
    write(tree, "args.[30m]", "60m")
    write(tree, "args[:^--dom]", "--other")
    assert tree["args"] == ["discovery", "--other", "60m", {"map": 1}]


def test_an_equal_scalar_wins_over_one_that_matches_and_a_broken_pattern_matches_nothing() -> None:
    tree = {"args": ["xx", "x", "["]}
    write(tree, "args[x]", "y")
    delete(tree, "args[(]")
    assert tree["args"] == ["xx", "y", "["]


def test_numbers_and_booleans_are_found_as_they_are_written() -> None:
    tree = {"ports": [{"port": 80, "open": False}, {"port": 443, "open": True}]}
    write(tree, "ports[port:443].name", "https")
    write(tree, "ports[open:false].name", "http")
    assert [port["name"] for port in tree["ports"]] == ["http", "https"]


def test_maps_are_made_on_the_way_and_dots_can_be_part_of_a_key() -> None:
    tree: dict[str, Any] = {}
    write(tree, r"metadata.annotations.example\.com/x", "v")
    assert tree == {"metadata": {"annotations": {"example.com/x": "v"}}}


def test_deleting_takes_elements_and_keys_and_ignores_what_is_not_there() -> None:
    tree = deployment()
    delete(tree, "spec.volumes[name:a]")
    delete(tree, "spec.containers[0].args")
    delete(tree, "spec.nothing.here[3]")
    assert tree == {"spec": {"volumes": [], "containers": [{"name": "discovery"}]}}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("spec.containers[name:nope].x", r"no element \[name:nope\]"),
        ("spec.containers.x", "does not fit"),
        ("spec.containers[x]", r"\[:x\] is not in the list"),
        ("spec.containers[]", r"\[\] names no element"),
        ("spec.containers[0", "bracket is not closed"),
        ("", "path is empty"),
    ],
)
def test_a_path_that_leads_nowhere_is_named(path: str, reason: str) -> None:
    with pytest.raises(InstallError, match=reason):
        write(deployment(), path, 1)
