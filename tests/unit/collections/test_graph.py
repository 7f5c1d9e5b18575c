"""What the incremental engine promises, whatever is derived with it."""

from __future__ import annotations

import gc
import weakref
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.collections import Batch, Collection, Context, Graph, Source


class Pod(NamedTuple):
    name: str
    node: str
    app: str


class Mesh:
    """A small graph with every kind of dependency: parent, key look-up, index look-up, group, distinct value."""

    def __init__(self, *, strict: bool = True) -> None:
        self.graph = Graph(strict=strict)
        self.zones: Source[tuple[str, str], str] = self.graph.source("zones")
        self.pods: Source[tuple[str, str], Pod] = self.graph.source("pods")
        by_app = self.pods.index("app", lambda pod: (pod.app,))
        self.runs: list[str] = []
        self.located = self.graph.derive("located", self.pods, self.locate)
        by_zone = self.located.index("zone", lambda row: (row[1],))
        self.apps = self.graph.group("apps", by_app, lambda ctx, app, pods: {app: tuple(sorted(p.name for p in pods))})
        self.app_runs: list[str] = []
        self.known = self.graph.distinct("known apps", by_app, self.know)
        self.zone_sizes: Collection[tuple[str, str], int] = self.graph.derive(
            "zone sizes", self.zones, lambda ctx, key, zone: {key: len(ctx.select(by_zone, zone))}
        )

    def locate(self, ctx: Context, key: tuple[str, str], pod: Pod) -> dict[str, tuple[str, str]]:
        self.runs.append(pod.name)
        return {f"{key[0]}/{pod.name}": (pod.name, ctx.get(self.zones, (key[0], pod.node)) or "nowhere")}

    def know(self, ctx: Context, app: str) -> dict[str, str]:
        self.app_runs.append(app)
        return {app: ctx.get(self.zones, ("c1", app)) or "nowhere"}

    def state(self) -> dict[str, dict[Any, Any]]:
        return {name: dict(collection.items()) for name, collection in self.graph.collections.items()}


def put(mesh: Mesh, *, zones: dict[tuple[str, str], str] = {}, pods: dict[tuple[str, str], Pod] = {}) -> dict[str, Any]:  # noqa: B006
    batch = Batch()
    for key, zone in zones.items():
        batch.put(mesh.zones, key, zone)
    for name, pod in pods.items():
        batch.put(mesh.pods, name, pod)
    return mesh.graph.apply(batch)


def test_a_row_follows_the_row_that_it_looked_up_by_key() -> None:
    mesh = Mesh()
    put(mesh, pods={("c1", "a"): Pod("a", "n1", "web")})
    assert mesh.located.get("c1/a") == ("a", "nowhere")
    put(mesh, zones={("c1", "n1"): "east"})
    assert mesh.located.get("c1/a") == ("a", "east")


def test_a_row_follows_the_group_that_it_selected_by_index() -> None:
    mesh = Mesh()
    put(mesh, zones={("c1", "n1"): "east"}, pods={("c1", "a"): Pod("a", "n1", "web")})
    put(mesh, pods={("c1", "b"): Pod("b", "n1", "web")})
    assert mesh.zone_sizes.get(("c1", "n1")) == 2


def test_an_equal_row_stops_the_change() -> None:
    mesh = Mesh()
    put(mesh, zones={("c1", "n1"): "east"}, pods={("c1", "a"): Pod("a", "n1", "web")})
    mesh.runs.clear()
    assert put(mesh, zones={("c1", "n1"): "east"}, pods={("c1", "a"): Pod("a", "n1", "web")}) == {}
    assert mesh.runs == []


def test_a_change_runs_only_what_depends_on_it() -> None:
    mesh = Mesh()
    pods = {("c1", name): Pod(name, node, "web") for name, node in (("a", "n1"), ("b", "n2"), ("c", "n2"))}
    put(mesh, zones={("c1", "n1"): "east", ("c1", "n2"): "west"}, pods=pods)
    mesh.runs.clear()
    put(mesh, zones={("c1", "n2"): "north"})
    assert sorted(mesh.runs) == ["b", "c"]


def test_a_distinct_value_is_derived_when_it_comes_goes_or_what_it_read_changes() -> None:
    mesh = Mesh()
    put(mesh, pods={("c1", "a"): Pod("a", "n", "web")})
    put(mesh, pods={("c1", "b"): Pod("b", "n", "web")})
    assert (mesh.app_runs, dict(mesh.known.items())) == (["web"], {"web": "nowhere"})
    put(mesh, zones={("c1", "web"): "east"})
    assert (mesh.app_runs, dict(mesh.known.items())) == (["web", "web"], {"web": "east"})
    put(mesh, pods={("c1", "a"): Pod("a", "n", "api"), ("c1", "b"): Pod("b", "n", "api")})
    assert dict(mesh.known.items()) == {"api": "nowhere"}
    put(mesh, zones={("c1", "web"): "west"})
    assert mesh.app_runs == ["web", "web", "api"]


def test_many_readers_of_one_row_all_follow_it_and_stop_when_they_are_gone() -> None:
    graph = Graph(strict=True)
    flags: Source[str, int] = graph.source("flags")
    numbers: Source[str, int] = graph.source("numbers")
    sums = graph.derive("sums", numbers, lambda ctx, key, number: {key: number + (ctx.get(flags, "f") or 0)})
    for count in (1, 3, 5, 9, 2, 0):
        batch = Batch()
        for name in [f"n{position}" for position in range(10)]:
            if int(name[1:]) < count:
                batch.put(numbers, name, 1)
            else:
                batch.delete(numbers, name)
        graph.apply(batch)
        put_all(graph, flags, {"f": count * 10})
        assert dict(sums.items()) == {f"n{position}": 1 + count * 10 for position in range(count)}


def test_replacing_a_partition_removes_its_other_rows_and_no_one_elses() -> None:
    mesh = Mesh()
    put(mesh, pods={("c1", "a"): Pod("a", "n", "web"), ("c2", "a"): Pod("a", "n", "web")})
    batch = Batch()
    batch.replace(mesh.pods, "c1", {("c1", "b"): Pod("b", "n", "web")})
    mesh.graph.apply(batch)
    assert set(mesh.located) == {"c1/b", "c2/a"}


def test_what_is_removed_is_forgotten() -> None:
    class Name(str):
        """A key that can be looked for."""

    graph = Graph()
    proxies: Source[str, str] = graph.source("proxies", lambda name: name)
    by_kind = proxies.index("kind", lambda kind: (kind,))
    graph.derive("shown", proxies, lambda ctx, name, kind: {name: ctx.select(by_kind, kind)[0]})
    held = []
    for number in range(3):
        name = Name(f"proxy-{number}")
        held.append(weakref.ref(name))
        put_all(graph, proxies, {name: f"kind-{number}"})
        batch = Batch()
        batch.delete(proxies, name)
        graph.apply(batch)
        del name, batch
    gc.collect()
    assert [each() for each in held] == [None] * 3


def test_observers_see_net_changes_once_per_settlement() -> None:
    mesh = Mesh()
    seen: list[Any] = []
    mesh.apps.observe(lambda changes: seen.append(dict(changes)))
    put(mesh, pods={("c1", "a"): Pod("a", "n", "web"), ("c1", "b"): Pod("b", "n", "web")})
    assert [list(changes) for changes in seen] == [["web"]]
    assert seen[0]["web"].old is None
    assert seen[0]["web"].new == ("a", "b")


def test_a_failing_derivation_keeps_its_last_good_rows_and_leaves_the_others_alone() -> None:
    graph = Graph()
    numbers: Source[str, int] = graph.source("numbers")
    halves = graph.derive("halves", numbers, lambda ctx, key, number: {key: 100 // number})
    put_all(graph, numbers, {"a": 1, "b": 2})
    put_all(graph, numbers, {"a": 0, "b": 4})
    assert dict(halves.items()) == {"a": 100, "b": 25}
    assert [fault.key for fault in graph.faults.values()] == ["a"]
    put_all(graph, numbers, {"a": 5})
    assert dict(halves.items()) == {"a": 20, "b": 25}
    assert graph.faults == {}


def test_a_strict_graph_raises_what_a_derivation_raises() -> None:
    graph = Graph(strict=True)
    numbers: Source[str, int] = graph.source("numbers")
    graph.derive("halves", numbers, lambda ctx, key, number: {key: 100 // number})
    with pytest.raises(ZeroDivisionError):
        put_all(graph, numbers, {"a": 0})


def test_a_key_may_move_from_one_parent_to_another_in_one_settlement() -> None:
    graph = Graph(strict=True)
    claims: Source[str, str] = graph.source("claims")
    owners = graph.derive("owners", claims, lambda ctx, key, claim: {claim: key} if claim else {})
    put_all(graph, claims, {"a": "x", "b": ""})
    put_all(graph, claims, {"b": "x", "a": ""})
    assert dict(owners.items()) == {"x": "b"}


def test_two_parents_of_one_key_are_a_fault() -> None:
    graph = Graph(strict=True)
    claims: Source[str, str] = graph.source("claims")
    graph.derive("owners", claims, lambda ctx, key, claim: {claim: key})
    with pytest.raises(ValueError, match="derived from 'a' already"):
        put_all(graph, claims, {"a": "x", "b": "x"})


def test_a_later_collection_cannot_be_read() -> None:
    graph = Graph(strict=True)
    numbers: Source[str, int] = graph.source("numbers")
    later: list[Any] = []
    graph.derive("early", numbers, lambda ctx, key, number: {key: ctx.get(later[0], key)})
    later.append(graph.source("late"))
    with pytest.raises(LookupError, match="late is declared later"):
        put_all(graph, numbers, {"a": 1})


def test_the_inputs_of_a_row_can_be_asked_for() -> None:
    mesh = Mesh()
    put(mesh, zones={("c1", "n1"): "east"}, pods={("c1", "a"): Pod("a", "n1", "web")})
    assert mesh.graph.inputs(mesh.located, "c1/a") == (("pods", ("c1", "a")), ("zones", ("c1", "n1")))


def put_all(graph: Graph, source: Source[Any, Any], rows: dict[Any, Any]) -> None:
    batch = Batch()
    for key, row in rows.items():
        batch.put(source, key, row)
    graph.apply(batch)


def test_an_observer_of_the_graph_gets_all_net_changes_of_a_settlement_at_once() -> None:
    mesh = Mesh()
    seen: list[dict[str, set[Any]]] = []
    mesh.graph.observe(lambda changes: seen.append({rows.name: set(keys) for rows, keys in changes.items()}))
    put(mesh, zones={("c1", "n1"): "east"}, pods={("c1", "a"): Pod("a", "n1", "web")})
    assert list(seen[0]) == ["zones", "pods", "located", "apps", "known apps", "zone sizes"]
    assert seen[0]["located"] == {"c1/a"}
    put(mesh, pods={("c1", "a"): Pod("a", "n1", "web")})
    assert seen[1:] == [{}]


names = st.sampled_from("abcd")
clusters = st.sampled_from(["c1", "c2"])
zone_writes = st.dictionaries(st.tuples(clusters, names), st.none() | st.sampled_from(["east", "west"]), max_size=4)
pod_writes = st.dictionaries(
    st.tuples(clusters, names), st.none() | st.builds(Pod, name=names, node=names, app=names), max_size=4
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(zone_writes, pod_writes), max_size=8))
def test_incremental_equals_from_scratch(batches: list[tuple[dict[Any, Any], dict[Any, Any]]]) -> None:
    mesh = Mesh()
    for zones, pods in batches:
        batch = Batch()
        for source, writes in ((mesh.zones, zones), (mesh.pods, pods)):
            for key, row in writes.items():
                if row is None:
                    batch.delete(source, key)
                else:
                    batch.put(source, key, row._replace(name=key[1]) if isinstance(row, Pod) else row)
        mesh.graph.apply(batch)
    scratch = Mesh()
    put(scratch, zones=dict(mesh.zones.items()), pods=dict(mesh.pods.items()))
    assert mesh.state() == scratch.state()
