"""``remote-clusters``: Istio's columns stay as they are, ages are in further ones."""

from __future__ import annotations

import json

import pytest

from isthmus.cli.control_plane_pods import ControlPlanePod
from isthmus.cli.remote_clusters import ClusterState, shown

SECRET = "istio-system/remote"
ANSWERS = (
    (
        ControlPlanePod("istio-system", "istiod-1", "default"),
        (
            ClusterState("cluster1", "", "synced", age=0.4),
            ClusterState("cluster2", SECRET, "timeout", "a copy: unreachable", None, 3700.0),
        ),
    ),
)
TABLE = """\
NAME         SECRET                  STATUS      ISTIOD       REVISION
cluster1                             synced      istiod-1     default
cluster2     istio-system/remote     timeout     istiod-1     default
"""
WIDE = """\
NAME         SECRET                  STATUS      ISTIOD       REVISION     AGE     COPY     ERROR
cluster1                             synced      istiod-1     default      0s      -        -
cluster2     istio-system/remote     timeout     istiod-1     default      -       61m      a copy: unreachable
"""


@pytest.mark.parametrize(("output", "text"), [("table", TABLE), ("wide", WIDE)])
def test_a_row_per_cluster_and_pod(output: str, text: str) -> None:
    assert shown(ANSWERS, output) == text


def test_programs_get_everything() -> None:
    (pod,) = json.loads(shown(ANSWERS, "json"))
    assert (pod["istiod"], pod["revision"]) == ("istiod-1", "default")
    assert pod["clusters"][1] == {
        "id": "cluster2",
        "secretName": SECRET,
        "syncStatus": "timeout",
        "error": "a copy: unreachable",
        "age": None,
        "copyAge": 3700.0,
    }
