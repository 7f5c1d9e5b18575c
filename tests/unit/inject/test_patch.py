"""JSON patches, applied as the API server applies them."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from isthmus.inject.patch import json_patch

KEYS = st.sampled_from(["a", "b", "a/b", "~c", ""])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["x", "y"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(KEYS, JSON, max_size=4)


def applied(document: Any, operations: list[dict[str, Any]]) -> Any:
    """RFC 6902, as far as the patches use it."""
    document = copy.deepcopy(document)
    for operation in operations:
        parts = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        target: Any = document
        for part in parts[:-1]:
            target = target[int(part)] if isinstance(target, list) else target[part]
        apply(target, parts[-1], operation)
    return document


def apply(target: Any, key: str, operation: dict[str, Any]) -> None:
    if isinstance(target, list):
        if operation["op"] == "remove":
            del target[int(key)]
        elif operation["op"] == "replace":
            target[int(key)] = operation["value"]
        else:
            target.insert(len(target) if key == "-" else int(key), operation["value"])
    elif operation["op"] == "remove":
        del target[key]
    else:
        assert (operation["op"] == "replace") == (key in target)
        target[key] = operation["value"]


@given(OBJECTS, OBJECTS)
def test_a_patch_makes_one_object_of_the_other(before, after):
    assert applied(before, json_patch(before, after)) == after


@given(OBJECTS)
def test_equal_objects_need_no_patch(value):
    assert json_patch(value, copy.deepcopy(value)) == []


def test_only_what_differs_is_sent():
    before = {"a": {"b": 1, "c": [1, 2]}, "d": 1}
    after = {"a": {"b": 2, "c": [1, 2, 3]}}
    assert json_patch(before, after) == [
        {"op": "remove", "path": "/d"},
        {"op": "replace", "path": "/a/b", "value": 2},
        {"op": "add", "path": "/a/c/-", "value": 3},
    ]
