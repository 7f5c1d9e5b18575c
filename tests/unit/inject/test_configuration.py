"""The injector's ConfigMap."""

from __future__ import annotations

import pytest

from isthmus.inject.configuration import parse_config, parse_values
from isthmus.inject.errors import InjectionError


def test_null_fields_have_their_defaults():
    config = parse_config("defaultTemplates: null\nneverInjectSelector:\npolicy: enabled\ntemplates: {a: x}")
    assert config.default_templates == ("sidecar",)
    assert config.never_inject_selector == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("templates: [", "key config: line"),
        ("- a", "Expected `object`"),
        ("templates: {a: 1}", "Expected `str`, got `int` - at `$.templates"),
    ],
)
def test_a_malformed_configuration_says_where(text, message):
    with pytest.raises(InjectionError) as raised:
        parse_config(text)
    assert message in str(raised.value)


@pytest.mark.parametrize("text", ["{", "[1]", "a: [", "text"])
def test_malformed_values_are_named(text):
    with pytest.raises(InjectionError, match="key values"):
        parse_values(text)


def test_values_may_be_json_or_yaml():
    assert parse_values('{"a": {"b": 1}}') == parse_values("a: {b: 1}") == {"a": {"b": 1}}
