"""How clusters enter and leave the graph."""

from __future__ import annotations

from typing import Any, NamedTuple

from isthmus.collections import Graph, Source
from isthmus.control_plane.intake import Feed, Intake, remove_cluster
from isthmus.kube.events import Event
from isthmus.kube.kinds import POD, SERVICE
from isthmus.kube.reflector import Source as Reflected


class Item(NamedTuple):
    name: str
    value: int = 0


class Setup:
    def __init__(self) -> None:
        self.graph = Graph(strict=True)
        self.batches = 0
        self.pods: Source[tuple[str, str], Item] = self.graph.source("pods")
        self.services: Source[tuple[str, str], Item] = self.graph.source("services")
        self.feeds = tuple(
            Feed(Reflected(kind, dict), source, lambda cluster, item: (cluster, item.name), lambda _, item: item)
            for kind, source in ((POD, self.pods), (SERVICE, self.services))
        )

    def apply(self, batch: Any) -> None:
        self.batches += 1
        self.graph.apply(batch)

    def intake(self, cluster: str = "c1") -> tuple[Intake, Any, Any]:
        intake = Intake(cluster, self.feeds, self.apply)
        return intake, intake.sink(self.feeds[0]), intake.sink(self.feeds[1])


async def test_a_cluster_enters_as_one_batch_when_all_its_kinds_are_listed() -> None:
    setup = Setup()
    intake, pods, services = setup.intake()
    pods.replace([Item("a"), Item("b")])
    pods.change([Event("DELETED", Item("b")), Event("ADDED", Item("c"))])
    assert (setup.batches, len(setup.pods), intake.complete.is_set()) == (0, 0, False)
    services.replace([])
    assert (setup.batches, set(setup.pods), intake.complete.is_set()) == (1, {("c1", "a"), ("c1", "c")}, True)


async def test_events_that_arrive_together_are_one_batch_and_the_last_one_of_an_object_counts() -> None:
    setup = Setup()
    _, pods, services = setup.intake()
    pods.replace([Item("a")])
    services.replace([])
    events = [Event("MODIFIED", Item("a", 1)), Event("MODIFIED", Item("a", 2)), Event("ADDED", Item("b"))]
    pods.change(events)
    assert setup.batches == 2
    assert dict(setup.pods.items()) == {("c1", "a"): Item("a", 2), ("c1", "b"): Item("b")}


async def test_events_that_come_twice_change_nothing_more() -> None:
    setup = Setup()
    _, pods, services = setup.intake()
    pods.replace([Item("a"), Item("b")])
    services.replace([])
    seen: list[Any] = []
    setup.pods.observe(lambda changes: seen.append(dict(changes)))
    for _ in range(2):
        pods.change([Event("DELETED", Item("a")), Event("DELETED", Item("a"))])
        pods.change([Event("ADDED", Item("c", 1)), Event("ADDED", Item("c", 1))])
    assert [set(changes) for changes in seen] == [{("c1", "a")}, {("c1", "c")}]


async def test_a_second_list_removes_what_is_gone_and_nothing_of_other_clusters() -> None:
    setup = Setup()
    for cluster in ("c1", "c2"):
        _, pods, services = setup.intake(cluster)
        pods.replace([Item("a")])
        services.replace([])
    pods.replace([Item("b")])
    assert set(setup.pods) == {("c1", "a"), ("c2", "b")}


async def test_new_credentials_replace_a_clusters_rows_in_one_batch_without_a_gap() -> None:
    setup = Setup()
    _, pods, services = setup.intake()
    pods.replace([Item("a"), Item("b")])
    services.replace([Item("s")])
    seen: list[Any] = []
    setup.pods.observe(lambda changes: seen.append(changes))
    _, pods, services = setup.intake()
    pods.replace([Item("a")])
    assert set(setup.pods) == {("c1", "a"), ("c1", "b")}
    services.replace([Item("s")])
    assert [set(changes) for changes in seen] == [{("c1", "b")}]


async def test_a_removed_cluster_leaves_nothing() -> None:
    setup = Setup()
    _, pods, services = setup.intake()
    pods.replace([Item("a")])
    services.replace([Item("s")])
    setup.apply(remove_cluster("c1", setup.feeds))
    assert (len(setup.pods), len(setup.services)) == (0, 0)


async def test_a_closed_intake_writes_nothing_whatever_still_arrives() -> None:
    setup = Setup()
    intake, pods, services = setup.intake()
    pods.replace([Item("a")])
    services.replace([])
    intake.close()
    pods.change([Event("ADDED", Item("b"))])
    pods.replace([])
    assert (setup.batches, set(setup.pods)) == (1, {("c1", "a")})


async def test_a_former_intake_can_be_closed_in_the_moment_before_the_new_rows_enter() -> None:
    setup = Setup()
    former, former_pods, former_services = setup.intake()
    former_pods.replace([Item("a", 1)])
    former_services.replace([])
    seen: list[Any] = []
    intake = Intake("c1", setup.feeds, setup.apply, lambda: (former.close(), seen.append(dict(setup.pods.items()))))
    intake.sink(setup.feeds[0]).replace([Item("a", 2)])
    intake.sink(setup.feeds[1]).replace([])
    former_pods.change([Event("MODIFIED", Item("a", 1))])
    assert seen == [{("c1", "a"): Item("a", 1)}]
    assert dict(setup.pods.items()) == {("c1", "a"): Item("a", 2)}
