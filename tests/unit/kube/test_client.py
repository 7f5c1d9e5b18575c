"""Parts of requests that need no server."""

import msgspec
import pytest
import yaml

from isthmus.kube import kinds
from isthmus.kube.client import Query, yaml_safe
from isthmus.kube.errors import error_of
from isthmus.kube.reflector import is_older


def test_paths_of_collections_objects_and_subresources() -> None:
    assert kinds.POD.path() == "/api/v1/pods"
    assert kinds.POD.path("n") == "/api/v1/namespaces/n/pods"
    assert kinds.POD.path("n", "a", "portforward") == "/api/v1/namespaces/n/pods/a/portforward"
    assert kinds.NODE.path("ignored", "a") == "/api/v1/nodes/a"
    assert kinds.GATEWAY.path("n", "a") == "/apis/networking.istio.io/v1/namespaces/n/gateways/a"
    assert kinds.CLUSTER_ROLE.path("", "system:node") == (
        "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode"
    )


def test_an_object_of_a_namespaced_kind_needs_a_namespace() -> None:
    with pytest.raises(ValueError, match="Pod 'a' needs a namespace"):
        kinds.POD.path("", "a")


def test_empty_selectors_are_not_sent() -> None:
    assert Query("n").params() == ()
    assert Query("n", labels="a=b").params() == (("labelSelector", "a=b"),)


def test_json_for_apply_means_the_same_as_yaml() -> None:
    value = {"text": "a\u0085b\u2028c\x7fd\ufeffe\u009fé😀\x00"}
    encoded = yaml_safe(msgspec.json.encode(value))
    assert msgspec.json.decode(encoded) == value
    assert yaml.safe_load(encoded.decode()) == value


def test_an_error_that_is_no_status_becomes_its_message() -> None:
    error = error_of(502, b"<html>Bad Gateway</html>")
    assert (error.status, error.reason, error.message) == (502, "Unknown", "<html>Bad Gateway</html>")
    assert error_of(500, b"").message == "no explanation"
    assert error_of(503, b"\xff\xfe").status == 503


def test_a_version_from_the_future_is_recognised() -> None:
    body = {
        "kind": "Status",
        "code": 504,
        "reason": "Timeout",
        "message": "Too large resource version: 9, current: 1",
        "details": {"causes": [{"reason": "ResourceVersionTooLarge", "message": "x"}], "retryAfterSeconds": 1},
    }
    error = error_of(504, msgspec.json.encode(body))
    assert error.version_too_large
    assert error.retry_after == 1.0


def test_versions_are_compared_only_when_they_are_numbers() -> None:
    assert is_older("9", "10")
    assert not is_older("10", "10")
    assert not is_older("10", "9")
    assert not is_older("abc", "10")
    assert not is_older("", "10")
