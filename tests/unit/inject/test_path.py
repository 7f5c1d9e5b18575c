"""What a webhook's path sets."""

from __future__ import annotations

import pytest

from isthmus.inject.path import environment


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/inject", {}),
        ("/inject/", {}),
        (
            "/inject/cluster/cluster2/net/network1",
            {"ISTIO_META_CLUSTER_ID": "cluster2", "ISTIO_META_NETWORK": "network1"},
        ),
        ("/inject/cluster/c/net/n/", {"ISTIO_META_CLUSTER_ID": "c", "ISTIO_META_NETWORK": "n"}),
        ("/inject/cluster/c/odd", {"ISTIO_META_CLUSTER_ID": "c"}),
        ("/inject/my_key/a--slash--b", {"MY_KEY": "a/b"}),
        ("/inject/:ENV:cluster=c:ENV:net=n", {"ISTIO_META_CLUSTER_ID": "c", "ISTIO_META_NETWORK": "n"}),
    ],
)
def test_keys_and_values_alternate(path, expected):
    assert environment(path) == expected
