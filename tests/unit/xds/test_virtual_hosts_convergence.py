"""Whatever happens in whatever order, a client ends with the virtual hosts that there are, and no others.

The client is a model of Envoy: it acknowledges and forgets virtual hosts of route configurations that it lacks, loses
those of route configurations that it drops, rejects a response in which two virtual hosts clash, and remembers on a
new stream what it was ever sent.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from world import MOMENT, World

from isthmus.model.resource import PIECEWISE, Resource, is_piecewise
from isthmus.protos import pb
from isthmus.xds.delta import DeltaSession
from isthmus.xds.order import CLUSTER, ROUTE, VIRTUAL_HOST
from isthmus.xds.requests import DeltaRequest, Limits
from isthmus.xds.resources import content_version
from isthmus.xds.responses import Origin
from isthmus.xds.session import Message

TABLES = ("80", "81")
HOSTS = ("80/a", "80/b", "80/c", "81/a", "81/b")
BAD = "bad"


class Envoy:
    """Route configurations with their virtual hosts, and what the multiplexer remembers of either type."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.put(CLUSTER, one="1")
        self.tables: dict[str, tuple[str, str]] = {}  # text and version
        self.hosts: dict[str, dict[str, str]] = {}  # by route configuration
        self.known: dict[str, str] = {}  # versions of virtual hosts
        self.wanted = {"80"}
        self.asks_for_hosts = False
        self.streams = 0
        self.connect(hosts_first=False)

    def connect(self, *, hosts_first: bool) -> None:
        self.streams += 1
        self.session = DeltaSession(Limits(), Origin(f"{self.streams}-"))
        self.wire: list[Message] = []
        routes = {name: version for name, (_, version) in self.tables.items()}
        requests = [DeltaRequest(ROUTE, tuple(sorted(self.wanted)), initial_versions=routes)]
        if self.asks_for_hosts:
            requests.insert(0 if hosts_first else 1, DeltaRequest(VIRTUAL_HOST, initial_versions=dict(self.known)))
        clusters = {name: one.version for name, one in self.world.wildcard(CLUSTER).items()}
        requests.insert(0, DeltaRequest(CLUSTER, initial_versions=clusters if self.streams > 1 else {}))
        for request in requests:
            self.session.receive(request)
            self.fill()

    def fill(self) -> None:
        while (message := self.session.next(self.world, MOMENT)) is not None:
            self.wire.append(message)

    def drop(self, name: str) -> None:
        """The last listener that uses a route configuration is gone."""
        if name in self.wanted:
            self.wanted.discard(name)
            self.tables.pop(name, None)
            self.hosts.pop(name, None)
            self.session.receive(DeltaRequest(ROUTE, unsubscribe=(name,)))

    def want(self, name: str) -> None:
        if name not in self.wanted:
            self.wanted.add(name)
            self.session.receive(DeltaRequest(ROUTE, (name,)))

    def receive(self) -> bool:
        self.fill()
        if not self.wire:
            return False
        message = self.wire.pop(0)
        response = pb("envoy.service.discovery.v3.DeltaDiscoveryResponse").FromString(message.body)
        found = {entry.name: (entry.resource.value.decode(), entry.version) for entry in response.resources}
        take = {ROUTE: self._take_tables, VIRTUAL_HOST: self._take_hosts}.get(message.type_url)
        error = None if take is None or take(found, tuple(response.removed_resources)) else "no"
        self.session.receive(DeltaRequest(message.type_url, nonce=message.nonce, error=error))
        if message.type_url == ROUTE and not self.asks_for_hosts and any(map(self._waits, self.tables)):
            self.asks_for_hosts = True
            self.session.receive(DeltaRequest(VIRTUAL_HOST))
        return True

    def _waits(self, name: str) -> bool:
        return is_piecewise(self.tables[name][1])

    def _take_tables(self, found: dict[str, tuple[str, str]], removed: tuple[str, ...]) -> bool:
        if any(text == BAD for text, _ in found.values()):
            return False
        for name, held in found.items():
            if name in self.wanted:
                self.tables[name] = held
                self.hosts.setdefault(name, {})
        return True  # removals are ignored

    def _take_hosts(self, found: dict[str, tuple[str, str]], removed: tuple[str, ...]) -> bool:
        after = {table: dict(hosts) for table, hosts in self.hosts.items()}
        for name in removed:
            after.get(name.partition("/")[0], {}).pop(name, None)
        for name, (text, _) in found.items():
            if name.partition("/")[0] in after:
                after[name.partition("/")[0]][name] = text
        if any(len(set(hosts.values())) < len(hosts) for hosts in after.values()):
            return False
        self.hosts = after
        self.known.update((name, version) for name, (_, version) in found.items())
        for name in removed:
            self.known.pop(name, None)
        return True


def put_table(world: World, name: str, text: str) -> dict[str, set[str]]:
    body = text.encode()
    world.resources.setdefault(ROUTE, {})[name] = Resource(name, ROUTE, body, content_version(body) + PIECEWISE)
    return {ROUTE: {name}}


tables = st.sampled_from(TABLES)
step = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(HOSTS), st.sampled_from("1234")),
    st.tuples(st.just("put"), st.sampled_from(HOSTS), st.sampled_from("1234")),
    st.tuples(st.just("remove"), st.sampled_from(HOSTS)),
    st.tuples(st.just("table"), tables, st.sampled_from(("r", "s", BAD))),
    st.tuples(st.just("no table"), tables),
    st.tuples(st.sampled_from(("drop", "want")), tables),
    st.tuples(st.just("reconnect"), st.booleans()),
    st.sampled_from((("receive",), ("receive",), ("settle",))),
)


def play(world: World, envoy: Envoy, steps: list[tuple[object, ...]], *, calm: bool) -> None:
    for kind, *arguments in steps:
        if kind == "put":
            name, text = arguments
            envoy.session.mark(world.put(VIRTUAL_HOST, **{str(name): str(text)}))
        elif kind == "remove":
            envoy.session.mark(world.drop(VIRTUAL_HOST, str(arguments[0])))
        elif kind == "table":
            envoy.session.mark(put_table(world, str(arguments[0]), str(arguments[1])))
        elif kind == "no table":
            envoy.session.mark(world.drop(ROUTE, str(arguments[0])))
        elif kind == "drop":
            envoy.drop(str(arguments[0]))
        elif kind == "want":
            envoy.want(str(arguments[0]))
        elif kind == "reconnect":
            envoy.connect(hosts_first=bool(arguments[0]))
        elif kind == "receive":
            envoy.receive()
        if calm or kind == "settle":
            settle(envoy)


def settle(envoy: Envoy) -> None:
    for _ in range(500):
        if not envoy.receive():
            return
    raise AssertionError("it never comes to rest")


@settings(max_examples=500, deadline=None)
@given(st.lists(step, min_size=5, max_size=40), st.booleans())
def test_a_client_ends_with_the_virtual_hosts_that_there_are(steps, calm):
    world = World()
    put_table(world, "80", "r")
    envoy = Envoy(world)
    play(world, envoy, steps, calm=calm)
    settle(envoy)
    for position, name in enumerate(HOSTS):  # clashes end
        envoy.session.mark(world.put(VIRTUAL_HOST, **{name: f"last {position}"}))
    for name in TABLES:
        envoy.session.mark(put_table(world, name, "last"))
    settle(envoy)
    for name in envoy.wanted:
        expected = {host: text for host, text in world.texts(VIRTUAL_HOST).items() if host.startswith(f"{name}/")}
        assert envoy.hosts[name] == expected


@settings(max_examples=500, deadline=None)
@given(st.lists(step, min_size=5, max_size=40), st.booleans())
def test_what_is_gone_is_gone_and_what_clashed_is_there_when_it_can_be(steps, calm):
    world = World()
    put_table(world, "80", "r")
    envoy = Envoy(world)
    play(world, envoy, [one for one in steps if one[-1] != BAD], calm=calm)
    settle(envoy)
    for name in envoy.wanted & world.texts(ROUTE).keys():
        there = {host: text for host, text in world.texts(VIRTUAL_HOST).items() if host.startswith(f"{name}/")}
        held = envoy.hosts[name]
        assert held.items() <= there.items() or len(set(there.values())) < len(there)
        if len(set(there.values())) == len(there):
            assert held == there
