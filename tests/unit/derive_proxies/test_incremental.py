"""However the mesh came to be as it is, proxies are told the same; and they are told of every change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mesh_files import Mesh
from mesh_objects import CLUSTERS, NAMESPACES, objects

from isthmus.collections import Batch
from isthmus.model.proxy import Proxy, ProxyKind
from isthmus.model.resource import Resource
from isthmus.protos import pb
from isthmus.translate import types

OBJECTS = objects()
PROXIES = 12
TYPES = (types.CLUSTER, types.ENDPOINT, types.LISTENER, types.ROUTE, types.VIRTUAL_HOST, types.NAME_TABLE)
Told = Mapping[str, Mapping[str, Mapping[str, Resource]]]  # proxy → type → name → resource


def proxy(number: int) -> Proxy:
    """One of twelve proxies: in either cluster and namespace, as a sidecar of "web", as the gateway "db", or as
    another sidecar of "web" that takes virtual hosts one by one."""
    cluster, namespace = CLUSTERS[number & 1], NAMESPACES[number >> 1 & 1]
    name = "db" if number & 4 else "web"
    position = CLUSTERS.index(cluster) + 1
    return Proxy(
        id=f"{name}.{namespace}.{cluster}{' piecewise' if number & 8 else ''}",
        kind=ProxyKind.ROUTER if number & 4 else ProxyKind.SIDECAR,
        name=name,
        namespace=namespace,
        cluster=cluster,
        addresses=(f"10.{position}.{NAMESPACES.index(namespace)}.{len(name)}",),
        dns_domain=f"{namespace}.svc.cluster.local",
        network=cluster,
        labels={"app": name},
        node=f"node{number}",
        dns_capture=True,
        virtual_host_discovery=bool(number & 8),
    )


objects_changed = st.tuples(st.sampled_from(sorted(OBJECTS)), st.integers(0, 5))
proxies_changed = st.tuples(st.just("proxy"), st.integers(0, 2 * PROXIES - 1))
EVERYTHING = [*((name, 0) for name in OBJECTS), *(("proxy", number) for number in range(PROXIES))]
steps = st.lists(st.lists(st.one_of(objects_changed, objects_changed, proxies_changed), max_size=4), max_size=10)


class World:
    """The objects and proxies that are there, and a mesh that followed them."""

    def __init__(self) -> None:
        self.present: dict[str, dict[str, Any]] = {}
        self.proxies: dict[str, Proxy] = {}
        self.mesh = fresh()
        self.told: dict[str, dict[str, set[str]]] = {}
        self.mesh.discovery.observe(self._hear)

    def _hear(self, changes: Mapping[str, Mapping[str, set[str]]]) -> None:
        for name, by_type in changes.items():
            for type_url, names in by_type.items():
                self.told.setdefault(name, {}).setdefault(type_url, set()).update(names)

    def apply(self, change: list[tuple[str, int]]) -> None:
        """One batch of changes; versions that do not exist remove the object."""
        batch = Batch()
        for name, number in change:
            if name == "proxy":
                row = proxy(number % PROXIES)
                self.proxies.pop(row.id, None)
                if number < PROXIES:
                    self.proxies[row.id] = row
                    batch.put(self.mesh.sources.proxies, row.id, row)
                else:
                    batch.delete(self.mesh.sources.proxies, row.id)
            elif number < len(OBJECTS[name]):
                self.present[name] = OBJECTS[name][number]
                batch.put(*self.mesh.row(self.present[name]))
            elif (old := self.present.pop(name, None)) is not None:
                source, key, _ = self.mesh.row(old)
                batch.delete(source, key)
        self.mesh.graph.apply(batch)

    def rebuilt(self) -> Mesh:
        """A mesh that saw nothing but the present state."""
        mesh = fresh()
        batch = Batch()
        for document in self.present.values():
            batch.put(*mesh.row(document))
        for row in self.proxies.values():
            batch.put(mesh.sources.proxies, row.id, row)
        mesh.graph.apply(batch)
        return mesh

    def state(self, mesh: Mesh) -> Told:
        """Everything that all proxies are told."""
        return {name: {one: dict(mesh.discovery.wildcard(name, one)) for one in TYPES} for name in self.proxies}


def fresh() -> Mesh:
    mesh = Mesh()
    mesh.load("{}")
    return mesh


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps)
def test_the_outcome_does_not_depend_on_the_way(changes: list[list[tuple[str, int]]]) -> None:
    world = World()
    for change in [EVERYTHING, *changes]:
        world.apply(change)
    rebuilt = world.rebuilt()
    assert world.state(world.mesh) == world.state(rebuilt)
    assert world.mesh.discovery.problems() == rebuilt.discovery.problems()
    assert world.mesh.discovery.statuses() == rebuilt.discovery.statuses()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps)
def test_connected_proxies_are_told_of_every_change(changes: list[list[tuple[str, int]]]) -> None:
    world = World()
    for change in [EVERYTHING, *changes]:
        before = world.state(world.mesh)
        world.told.clear()
        world.apply(change)
        after = world.state(world.mesh)
        for name in before.keys() & after.keys():
            for type_url in TYPES:
                told = world.told.get(name, {}).get(type_url, set())
                old, new = before[name][type_url], after[name][type_url]
                changed = {one for one in old.keys() | new.keys() if old.get(one) != new.get(one)}
                assert "*" in told or changed <= told, f"{name} was not told of {sorted(changed - told)}"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps)
def test_virtual_hosts_one_by_one_are_those_of_the_whole_tables(changes: list[list[tuple[str, int]]]) -> None:
    world = World()
    for change in [EVERYTHING, *changes, [("proxy", number) for number in range(PROXIES)]]:
        world.apply(change)
    state = world.state(world.mesh)
    for name in (name for name in world.proxies if f"{name} piecewise" in world.proxies):
        told = state[f"{name} piecewise"]
        whole, pieces = state[name][types.ROUTE], told[types.ROUTE]
        assert whole.keys() == pieces.keys()
        assert not state[name][types.VIRTUAL_HOST]
        for table, resource in whole.items():
            joined = read(pieces[table])
            assert joined.HasField("vhds") == table.isdigit()
            alone = [read(one) for key, one in told[types.VIRTUAL_HOST].items() if key.rpartition("/")[0] == table]
            for host in alone:
                assert told[types.VIRTUAL_HOST][host.name]
                host.name = host.name.partition("/")[2]
            hosts = sorted((*joined.virtual_hosts, *alone), key=lambda host: host.name)
            expected = read(resource)
            assert hosts == sorted(expected.virtual_hosts, key=lambda host: host.name)
            for one in (joined, expected):
                one.ClearField("vhds")
                one.ClearField("virtual_hosts")
            assert joined == expected


def read(resource: Resource) -> Any:
    return pb(resource.type_url.partition("/")[2]).FromString(resource.body)
