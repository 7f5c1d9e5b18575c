"""Pods as users name them."""

import pytest

from isthmus.kube.errors import KubeError
from isthmus.kube.pod_names import Reference, parse_reference, selector_of


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("sleep", Reference("", "sleep", "default")),
        ("sleep.sample", Reference("", "sleep", "sample")),
        ("a.b.sample", Reference("", "a.b", "sample")),
        ("pod/sleep", Reference("", "sleep", "default")),
        ("deploy/sleep.sample", Reference("deploy", "sleep", "sample")),
        ("deployment/sleep", Reference("deployment", "sleep", "default")),
        ("svc/hello.sample", Reference("svc", "hello", "sample")),
    ],
)
def test_kind_name_and_namespace_are_taken_apart(text: str, reference: Reference) -> None:
    assert parse_reference(text, "default") == reference


def test_an_unknown_kind_or_an_empty_name_is_refused() -> None:
    with pytest.raises(KubeError, match="'cronjob' is no kind of workload"):
        parse_reference("cronjob/x", "default")
    for text in ("", ".sample", "deploy/"):
        with pytest.raises(KubeError, match="names no pod"):
            parse_reference(text, "default")


def test_selectors_of_workloads_and_services() -> None:
    labels = {"matchLabels": {"app": "a"}, "matchExpressions": [{"key": "x", "operator": "In", "values": ["1", "2"]}]}
    assert selector_of({"spec": {"selector": labels}}) == "app=a,x in (1,2)"
    assert selector_of({"spec": {"selector": {"app": "a", "version": "v1"}}}) == "app=a,version=v1"
