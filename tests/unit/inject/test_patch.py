"""JSON patches, applied as the API server applies them."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.inject.patch import applied, json_patch

KEYS = st.sampled_from(["a", "b", "a/b", "~c", ""])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["x", "y"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(KEYS, JSON, max_size=4)


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


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/nosuch"},
        {"op": "add", "path": "/a/b/c", "value": 1},
        {"op": "replace", "path": "/list/7", "value": 1},
        {"op": "move", "path": "/a", "from": "/b"},
    ],
)
def test_an_operation_that_does_not_fit_is_refused(operation):
    with pytest.raises(ValueError, match="patch"):
        applied({"a": {}, "list": []}, [operation])


def test_an_element_can_be_put_into_the_middle_of_a_list():
    assert applied({"a": [1, 3]}, [{"op": "add", "path": "/a/1", "value": 2}]) == {"a": [1, 2, 3]}
