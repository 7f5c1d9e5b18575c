"""What is reported of what was found."""

import base64
from typing import Any

import pytest

from isthmus.operator.conditions import WELL, Finding, healthy, in_use, settled, state
from isthmus.operator.diff import changes, contains
from isthmus.operator.injector import Address, NoAddressError, address_of
from isthmus.operator.readiness import of_daemon_set, of_deployment, of_remote
from isthmus.operator.resources.status import Condition


def condition(kind: str, status: Any, time: str = "") -> Condition:
    return Condition(type=kind, status=status, reason=f"{kind}{status}", last_transition_time=time)


def test_a_time_changes_with_the_status_only() -> None:
    former = [condition("Ready", "False", "then"), condition("Reconciled", "True", "then")]
    found = settled(
        former, [condition("Ready", "True"), condition("Reconciled", "True"), condition("New", "True")], "now"
    )
    assert [each.last_transition_time for each in found] == ["now", "then", "now"]


def test_the_state_is_the_first_reason_that_is_a_fault() -> None:
    unused = in_use([])
    assert state([condition("Reconciled", "True"), unused]) == "Healthy"
    assert state([condition("Reconciled", "True"), unused, condition("Ready", "False")]) == "ReadyFalse"
    assert (
        state([healthy("Reconciled", Finding("ReconcileError", "no")), condition("Ready", "False")]) == "ReconcileError"
    )


def test_users_are_counted_and_the_first_is_named() -> None:
    assert in_use(["namespace a", "pod b/c"]).message == "used by namespace a and 1 more"


def deployment(**status: int) -> dict[str, Any]:
    return {"kind": "Deployment", "metadata": {"generation": 1}, "spec": {"replicas": 1}, "status": status}


def test_a_control_plane_is_ready_when_its_deployment_is_rolled_out() -> None:
    done = deployment(observedGeneration=1, replicas=1, updatedReplicas=1, availableReplicas=1)
    assert of_deployment(done, "istiod") == WELL
    assert of_deployment(deployment(observedGeneration=1, replicas=1), "istiod").reason == "IstiodNotReady"
    assert "does not exist" in of_deployment(None, "istiod").message
    assert "scaled to zero" in of_deployment(done | {"spec": {"replicas": 0}}, "istiod").message


def test_an_agent_on_no_node_is_not_ready() -> None:
    found = {"kind": "DaemonSet", "metadata": {}, "status": {"desiredNumberScheduled": 0}}
    assert of_daemon_set(found, "istio-cni-node").message == "DaemonSet istio-cni-node runs on no node"


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ({}, "has not been asked yet"),
        ({"sailoperator.io/readinessProbe.status": "false", "sailoperator.io/readinessProbe.reason": "r"}, "r"),
        ({"sailoperator.io/readinessProbe.status": "true"}, ""),
    ],
)
def test_a_remote_control_plane_is_as_its_last_answer(annotations: dict[str, str], message: str) -> None:
    finding = of_remote({"metadata": {"annotations": annotations}})
    assert (finding == WELL) == (message == "")
    assert message in finding.message


def injector(client: dict[str, Any]) -> dict[str, Any]:
    return {"webhooks": [{"clientConfig": client}]}


def test_a_remote_control_plane_is_asked_where_the_api_server_asks_it() -> None:
    bundle = base64.b64encode(b"PEM").decode()
    service = {"name": "istiod", "namespace": "istio-system", "path": "/inject"}
    assert address_of(injector({"service": service, "caBundle": bundle})) == Address(
        "istiod.istio-system.svc", 443, "PEM"
    )
    assert address_of(injector({"url": "https://h:15017/inject"})) == Address("h", 15017, None)
    with pytest.raises(NoAddressError, match="no caBundle yet"):
        address_of(injector({"service": service}))
    with pytest.raises(NoAddressError, match="not base64"):
        address_of(injector({"service": service, "caBundle": "%"}))


def test_a_live_object_may_have_more_than_the_wanted_one() -> None:
    assert contains({"a": 1, "b": [{"c": 2, "d": 3}]}, {"b": [{"c": 2}], "e": None, "f": {}, "g": []})
    assert not contains({"b": [{"c": 2}, {"c": 3}]}, {"b": [{"c": 2}]})
    assert not contains({"a": 1}, {"a": 2})
    assert not contains(None, {"a": 2})


def test_changes_keep_the_order_of_what_is_applied_and_name_what_goes() -> None:
    def entry(name: str, value: int) -> dict[str, Any]:
        return {"kind": "ConfigMap", "metadata": {"name": name, "namespace": "n"}, "data": {"v": value}}

    from isthmus.install.manifests import identity

    live = {identity(each): each for each in (entry("same", 1), entry("other", 1), entry("old", 1))}
    found = changes([entry("new", 1), entry("same", 1), entry("other", 2)], live)
    assert [each["metadata"]["name"] for each in found.apply] == ["new", "other"]
    assert [str(each) for each in found.delete] == ["ConfigMap n/old"]
