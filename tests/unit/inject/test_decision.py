"""Which pods are injected."""

from __future__ import annotations

import pytest

from isthmus.inject.configuration import InjectorConfig, parse_config
from isthmus.inject.decision import is_injected

SELECTORS = parse_config(
    "policy: disabled\n"
    "alwaysInjectSelector: [{matchLabels: {team: mesh}}, {matchExpressions: [{key: tier, operator: Exists}]}]\n"
    "neverInjectSelector: [{matchLabels: {legacy: 'yes'}}]\n"
)


def pod(labels=None, annotations=None, **spec):
    return {"metadata": {"labels": labels or {}, "annotations": annotations or {}}, "spec": spec}


WORD = "sidecar.istio.io/inject"


@pytest.mark.parametrize(
    ("given", "namespace", "config", "expected"),
    [
        (pod(), "sample", InjectorConfig(), True),
        (pod(), "sample", InjectorConfig(policy="disabled"), False),
        (pod({WORD: "true"}, hostNetwork=True), "sample", InjectorConfig(), False),
        (pod({WORD: "true"}), "kube-system", InjectorConfig(), False),
        (pod({WORD: "false"}), "sample", InjectorConfig(), False),
        (pod(annotations={WORD: "false"}), "sample", InjectorConfig(), False),
        (pod({WORD: "true"}, {WORD: "false"}), "sample", InjectorConfig(), True),
        (pod({WORD: "maybe"}), "sample", InjectorConfig(policy="disabled"), False),
        (pod({WORD: "true", "legacy": "yes"}), "sample", SELECTORS, True),
        (pod({"team": "mesh"}), "sample", SELECTORS, True),
        (pod({"tier": "x"}), "sample", SELECTORS, True),
        (pod({"team": "mesh", "legacy": "yes"}), "sample", SELECTORS, False),
    ],
)
def test_the_first_rule_that_speaks_decides(given, namespace, config, expected):
    assert is_injected(given, namespace, config) is expected


def test_an_empty_selector_chooses_no_pod():
    config = parse_config("policy: disabled\nalwaysInjectSelector: [{}]")
    assert not is_injected(pod(), "sample", config)
