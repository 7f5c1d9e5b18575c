"""Whatever happens in whatever order, a client ends with what there is, and is never told to break what it uses.

The client is a model of Envoy: it names the endpoints of its clusters, holds a changed cluster back until endpoints
for it arrive, tells what it holds when it reconnects, and rejects what it does not like.
"""

from __future__ import annotations

from collections.abc import Callable, Set

from hypothesis import given, settings
from hypothesis import strategies as st
from world import MOMENT, World

from isthmus.protos import pb
from isthmus.xds.delta import DeltaSession
from isthmus.xds.order import CLUSTER, ENDPOINT, LISTENER, ROUTE
from isthmus.xds.requests import DeltaRequest, Limits, SotwRequest
from isthmus.xds.responses import Origin, Responses
from isthmus.xds.session import Message
from isthmus.xds.sotw import SotwSession

NAMES = "ab"
TYPES = (CLUSTER, ENDPOINT, LISTENER, ROUTE)
BAD = "bad"


class Proxy:
    """What an Envoy has, by type and name: text and version."""

    def __init__(self, world: World, responses: Responses | None = None) -> None:
        self.world = world
        self.origin = Origin(responses=responses or Responses())
        self.held: dict[str, dict[str, tuple[str, str]]] = {type_url: {} for type_url in TYPES}
        self.warming: set[str] = set()
        self.connect()

    def connect(self) -> None:
        """A new stream: all requests at once, as Envoy sends them; the server may answer each before the next."""
        self.session = DeltaSession(Limits(), self.origin)
        self.nonces: set[str] = set()
        self.requested: dict[str, set[str]] = {ENDPOINT: set(self.held[CLUSTER]), ROUTE: {"a", "c"}}
        self.on_wire: list[Message] = []
        for type_url in TYPES:
            known = {name: version for name, (_, version) in self.held[type_url].items()}
            self.session.receive(
                DeltaRequest(type_url, tuple(sorted(self.requested.get(type_url, ()))), initial_versions=known)
            )
            self._fill_wire()

    def receive(self) -> bool:
        """Takes one response and answers it; False when there is none."""
        self._fill_wire()
        if not self.on_wire:
            return False
        message = self.on_wire.pop(0)
        response = pb("envoy.service.discovery.v3.DeltaDiscoveryResponse").FromString(message.body)
        bad = any(entry.resource.value == BAD.encode() for entry in response.resources)
        if not bad or message.type_url in (CLUSTER, LISTENER):
            self._apply(message.type_url, response)
        self.session.receive(DeltaRequest(message.type_url, nonce=message.nonce, error="bad" if bad else None))
        if message.type_url == CLUSTER:
            self._name_endpoints()
        return True

    def _fill_wire(self) -> None:
        while (message := self.session.next(self.world, MOMENT)) is not None:
            assert message.nonce not in self.nonces
            self.nonces.add(message.nonce)
            self.on_wire.append(message)

    def _apply(self, type_url: str, response: object) -> None:
        held = self.held[type_url]
        for entry in response.resources:  # type: ignore[attr-defined]
            text = entry.resource.value.decode()
            if text == BAD:
                continue
            if type_url == CLUSTER and held.get(entry.name, ("",))[0] != text:
                self.warming.add(entry.name)
            if type_url == ENDPOINT:
                self.warming.discard(entry.name)
            if type_url != ENDPOINT or entry.name in self.held[CLUSTER]:
                held[entry.name] = (text, entry.version)
        for name in response.removed_resources:  # type: ignore[attr-defined]
            held.pop(name, None)
            if type_url in (CLUSTER, ENDPOINT):
                self.warming.discard(name)

    def _name_endpoints(self) -> None:
        wanted, named = set(self.held[CLUSTER]), self.requested[ENDPOINT]
        self.session.receive(DeltaRequest(ENDPOINT, tuple(sorted(wanted - named)), tuple(sorted(named - wanted))))
        self.requested[ENDPOINT] = wanted
        for name in named - wanted:
            self.held[ENDPOINT].pop(name, None)

    def texts(self, type_url: str) -> dict[str, str]:
        return {name: text for name, (text, _) in self.held[type_url].items()}


names = st.sampled_from(NAMES)  # few, so that steps meet
texts = st.sampled_from(("1", "2"))
put = st.tuples(st.just("put"), st.sampled_from(TYPES), names, texts)
drop = st.tuples(st.just("drop"), st.sampled_from(TYPES), names)
bad_route = st.just(("put", ROUTE, "a", BAD))
other_route = st.tuples(st.just("put"), st.just(ROUTE), st.just("c"), texts)
settle = st.just(("settle",))
wire = st.sampled_from((("receive",), ("reconnect",), ("change all",)))
step = st.one_of(put, put, drop, settle, wire)


def play(steps: list[tuple[str, ...]], world: World, proxy: Proxy, check: Callable[[], None] = lambda: None) -> None:
    for kind, *arguments in steps:
        if kind == "put":
            type_url, name, text = arguments
            proxy.session.mark(world.put(type_url, **{name: text}))
        elif kind == "drop":
            proxy.session.mark(world.drop(*arguments))
        elif kind == "receive":
            proxy.receive()
        elif kind == "settle":
            while proxy.receive():
                pass
        elif kind == "reconnect":
            proxy.connect()
        else:
            proxy.session.mark({type_url: set(NAMES) for type_url in TYPES})
        check()


def expect_equal(proxy: Proxy, world: World, but: Set[str] = frozenset()) -> None:
    while proxy.receive():
        pass
    assert proxy.texts(CLUSTER) == world.texts(CLUSTER)
    assert proxy.texts(LISTENER) == world.texts(LISTENER)
    routes = proxy.requested[ROUTE] - but
    assert {name: text for name, text in proxy.texts(ROUTE).items() if name in routes} == {
        name: text for name, text in world.texts(ROUTE).items() if name in routes
    }
    assert proxy.texts(ENDPOINT) == {
        name: text for name, text in world.texts(ENDPOINT).items() if name in world.texts(CLUSTER)
    }
    assert not proxy.warming & set(world.texts(ENDPOINT))


@settings(max_examples=300, deadline=None)
@given(st.lists(step, min_size=10, max_size=40))
def test_a_delta_client_ends_with_what_there_is(steps):
    world = World()
    proxy = Proxy(world)
    play(steps, world, proxy)
    expect_equal(proxy, world)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(step, settle, bad_route, other_route), min_size=10, max_size=40))
def test_a_rejected_resource_harms_no_other_and_is_replaced_by_its_next_good_version(steps):
    world = World()
    proxy = Proxy(world)
    play(steps, world, proxy)
    bad = {"a"} if world.texts(ROUTE).get("a") == BAD else set()
    expect_equal(proxy, world, but=bad)
    if bad:
        proxy.session.mark(world.put(ROUTE, a="good"))
    expect_equal(proxy, world)


switch = st.tuples(st.just("switch"), names)
calm = st.one_of(switch, st.sampled_from((("receive",), ("settle",), ("reconnect",))))


@settings(max_examples=300, deadline=None)
@given(st.lists(calm, max_size=40))
def test_a_route_never_names_a_cluster_that_the_client_lacks(steps):
    """A route moves from cluster to cluster; each is there only while the route names it."""
    world = World()
    world.put(CLUSTER, a="1")
    world.put(ENDPOINT, a="1")
    world.put(ROUTE, a="a")
    proxy = Proxy(world)
    while proxy.receive():
        pass

    def check() -> None:
        target = proxy.texts(ROUTE)["a"]
        assert target in proxy.held[CLUSTER]
        assert target not in proxy.warming

    for kind, *arguments in steps:
        if kind == "switch":
            (new,), old = arguments, world.texts(ROUTE)["a"]
            for change in (
                world.put(CLUSTER, **{new: "1"}),
                world.put(ENDPOINT, **{new: "1"}),
                world.put(ROUTE, a=new),
            ):
                proxy.session.mark(change)
            if new != old:
                proxy.session.mark(world.drop(CLUSTER, old))
                proxy.session.mark(world.drop(ENDPOINT, old))
        else:
            play([(kind,)], world, proxy)
        check()
    expect_equal(proxy, world)


many = st.tuples(st.integers(0, 2), step)


@settings(max_examples=300, deadline=None)
@given(st.lists(many, min_size=10, max_size=60))
def test_clients_that_share_responses_end_with_what_there_is(steps):
    """They are told of the same changes at other times, and all in one version of the configuration."""
    world, responses = World(), Responses()
    proxies = [Proxy(world, responses) for _ in range(3)]
    for number, one in steps:
        before = {type_url: dict(world.wildcard(type_url)) for type_url in TYPES}
        play([one], world, proxies[number])
        for type_url in TYPES:
            changed = {name for name, _ in before[type_url].items() ^ world.wildcard(type_url).items()}
            for proxy in proxies:
                proxy.session.mark({type_url: changed})
    for proxy in proxies:
        expect_equal(proxy, world)


class SotwProxy:
    """The same for the other variant, without names that change."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.held: dict[str, list[str]] = {}
        self.connect()

    def connect(self) -> None:
        self.session = SotwSession(Limits())
        for type_url in (CLUSTER, LISTENER):
            self.session.receive(SotwRequest(type_url))

    def receive(self) -> bool:
        message = self.session.next(self.world, MOMENT)
        if message is None:
            return False
        response = pb("envoy.service.discovery.v3.DiscoveryResponse").FromString(message.body)
        self.held[message.type_url] = sorted(entry.value.decode() for entry in response.resources)
        self.session.receive(SotwRequest(message.type_url, nonce=message.nonce))
        return True


@settings(max_examples=200, deadline=None)
@given(st.lists(step, min_size=10, max_size=40))
def test_a_state_of_the_world_client_ends_with_what_there_is(steps):
    world = World()
    proxy = SotwProxy(world)
    play(steps, world, proxy)
    while proxy.receive():
        pass
    for type_url in (CLUSTER, LISTENER):
        assert proxy.held[type_url] == sorted(world.texts(type_url).values())
