"""Statuses as JSON: what others wrote stays, and times change only when a condition does."""

from __future__ import annotations

from typing import Any

from isthmus.model.status import Condition, ListenerStatus, ParentStatus, Status, StatusKey
from isthmus.status.wire import merged

OWN = frozenset({"istio.io/gateway-controller"})
ROUTE = StatusKey("HTTPRoute", "shop", "web")
GATEWAY = StatusKey("Gateway", "shop", "edge")
GROUP = "gateway.networking.k8s.io"


def accepted(*, status: bool = True) -> Condition:
    return Condition("Accepted", status, "Accepted" if status else "NoMatchingParent", "text")


def parent(name: str, *, status: bool = True) -> ParentStatus:
    (controller,) = OWN
    return ParentStatus(GROUP, "Gateway", name, (accepted(status=status),), controller, section_name="http")


def written(status: Status | None, current: dict[str, Any], now: str, key: StatusKey = ROUTE) -> dict[str, Any]:
    return merged(key, status, current, now, OWN)


def test_a_reference_is_repeated_as_it_was_written() -> None:
    (found,) = written(Status(3, parents=(parent("edge"),)), {}, "t1")["parents"]
    assert found["parentRef"] == {"group": GROUP, "kind": "Gateway", "name": "edge", "sectionName": "http"}
    assert found["conditions"][0]["observedGeneration"] == 3


def test_a_condition_keeps_its_time_while_it_says_the_same() -> None:
    first = written(Status(1, parents=(parent("a"), parent("b"))), {}, "t1")
    second = written(Status(2, parents=(parent("a"), parent("b", status=False))), first, "t2")
    assert [one["conditions"][0]["lastTransitionTime"] for one in second["parents"]] == ["t1", "t2"]


def test_parents_of_other_controllers_stay_and_own_ones_go_with_their_reference() -> None:
    other = {"parentRef": {"name": "edge"}, "controllerName": "example.com/other", "conditions": []}
    mine = written(Status(1, parents=(parent("edge"),)), {"parents": [other]}, "t1")
    assert mine["parents"][0] == other
    assert written(None, mine, "t2") == {"parents": [other]}


def test_what_the_mesh_does_not_know_of_a_gateway_stays() -> None:
    foreign = {"type": "example.com/Audited", "status": "True"}
    current = {"conditions": [{"type": "Accepted", "status": "Unknown"}, foreign], "attachedListenerSets": 1}
    listener = ListenerStatus("http", ("HTTPRoute",), 2, (accepted(),))
    status = Status(1, (accepted(),), listeners=(listener,), addresses=(("IPAddress", "192.0.2.1"),))
    found = written(status, current, "t1", GATEWAY)
    assert found["attachedListenerSets"] == 1
    assert [one["type"] for one in found["conditions"]] == ["Accepted", "example.com/Audited"]
    assert found["listeners"][0]["supportedKinds"] == [{"group": GROUP, "kind": "HTTPRoute"}]
    assert written(None, found, "t2", GATEWAY) == found


def test_a_condition_that_is_over_goes() -> None:
    partly = Condition("PartiallyInvalid", True, "UnsupportedValue", "text")
    (controller,) = OWN
    both = ParentStatus(GROUP, "Gateway", "edge", (accepted(), partly), controller)
    first = written(Status(1, parents=(both,)), {}, "t1")
    assert len(first["parents"][0]["conditions"]) == 2
    one = ParentStatus(GROUP, "Gateway", "edge", (accepted(),), controller)
    assert len(written(Status(2, parents=(one,)), first, "t2")["parents"][0]["conditions"]) == 1
