"""What workloads still lack."""

from typing import Any

import pytest

from isthmus.kube.readiness import missing


def workload(kind: str, spec: dict[str, Any], status: dict[str, Any], generation: int = 2) -> dict[str, Any]:
    return {
        "kind": kind,
        "metadata": {"generation": generation},
        "spec": spec,
        "status": {"observedGeneration": 2, **status},
    }


READY = {"conditions": [{"type": "Ready", "status": "True"}]}
REFUSED = {"type": "ReplicaFailure", "status": "True", "message": "webhook refused"}
CRASHING = {
    "phase": "Running",
    "containerStatuses": [
        {"name": "app", "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}}
    ],
}


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (None, "does not exist yet"),
        ({"kind": "ConfigMap"}, ""),
        (workload("Deployment", {}, {}, generation=3), "has changes nobody looked at yet"),
        (workload("Deployment", {"replicas": 2}, {"updatedReplicas": 1}), "has 1 of 2 replicas updated"),
        (
            workload("Deployment", {"replicas": 2}, {"updatedReplicas": 2, "availableReplicas": 1}),
            "has 1 of 2 replicas available",
        ),
        (workload("Deployment", {"replicas": 2}, {"updatedReplicas": 2, "availableReplicas": 2}), ""),
        (workload("Deployment", {"replicas": 0}, {}), ""),
        (workload("Deployment", {}, {"conditions": [REFUSED]}), "has 0 of 1 replicas updated: webhook refused"),
        (workload("StatefulSet", {}, {"updatedReplicas": 1}), "has 0 of 1 replicas ready"),
        (workload("DaemonSet", {}, {"desiredNumberScheduled": 3}), "has 0 of 3 replicas updated"),
        ({"kind": "Pod", "status": READY}, ""),
        ({"kind": "Pod", "metadata": {"deletionTimestamp": "x"}, "status": READY}, "is being deleted"),
        ({"kind": "Pod"}, "is not scheduled, not ready"),
        ({"kind": "Pod", "status": CRASHING}, "container app: CrashLoopBackOff back-off 10s"),
        ({"kind": "Service", "spec": {"type": "ClusterIP"}}, ""),
        ({"kind": "Service", "spec": {"type": "LoadBalancer"}, "status": {}}, "has no LoadBalancer address"),
        ({"kind": "CustomResourceDefinition", "status": {}}, "is not established"),
        ({"kind": "Job", "status": {"conditions": [{"type": "Complete", "status": "True"}]}}, ""),
    ],
)
def test_what_is_missing_is_said_in_words(found: dict[str, Any] | None, text: str) -> None:
    assert missing(found) == text
