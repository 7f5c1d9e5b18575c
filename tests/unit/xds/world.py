"""Resources that tests change, and clients of both variants as values: no sockets, no Envoy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from isthmus.model.resource import Resource
from isthmus.protos import pb
from isthmus.xds.delta import DeltaSession
from isthmus.xds.order import CLUSTER, ENDPOINT, LISTENER, NAME_TABLE, PROXY_CONFIG, ROUTE, VIRTUAL_HOST
from isthmus.xds.requests import DeltaRequest, Limits, SotwRequest
from isthmus.xds.resources import content_version
from isthmus.xds.session import Message, Moment
from isthmus.xds.sotw import SotwSession

MOMENT = Moment(1.0, "v")
SHORT = {
    CLUSTER: "cds",
    ENDPOINT: "eds",
    LISTENER: "lds",
    ROUTE: "rds",
    VIRTUAL_HOST: "vhds",
    NAME_TABLE: "nds",
    PROXY_CONFIG: "pcds",
}


class World:
    """A ``Lookup`` whose resources are texts."""

    def __init__(self, **types: Mapping[str, str]) -> None:
        self.resources: dict[str, dict[str, Resource]] = {}
        for type_url, short in SHORT.items():
            self.put(type_url, **types.get(short, {}))

    def put(self, type_url: str, /, **texts: str) -> dict[str, set[str]]:
        for name, text in texts.items():
            body = text.encode()
            self.resources.setdefault(type_url, {})[name] = Resource(name, type_url, body, content_version(body))
        return {type_url: set(texts)}

    def drop(self, type_url: str, *names: str) -> dict[str, set[str]]:
        for name in names:
            self.resources.get(type_url, {}).pop(name, None)
        return {type_url: set(names)}

    def wildcard(self, type_url: str) -> Mapping[str, Resource]:
        return self.resources.get(type_url, {})

    def named(self, type_url: str, names: Iterable[str]) -> Mapping[str, Resource]:
        known = self.resources.get(type_url, {})
        return {name: known[name] for name in names if name in known}

    def texts(self, type_url: str) -> dict[str, str]:
        return {name: resource.body.decode() for name, resource in self.wildcard(type_url).items()}


def read_delta(message: Message):
    """Short type, what is added or changed, what is removed."""
    response = pb("envoy.service.discovery.v3.DeltaDiscoveryResponse").FromString(message.body)
    assert (response.type_url, response.nonce) == (message.type_url, message.nonce)
    assert len(response.resources) == message.resources
    assert len(response.removed_resources) == message.removed
    added = {entry.name: entry.resource.value.decode() for entry in response.resources}
    return SHORT.get(message.type_url, message.type_url), added, set(response.removed_resources)


def read_sotw(message: Message):
    """Short type and the texts in it; names are found by text, as the form has none."""
    response = pb("envoy.service.discovery.v3.DiscoveryResponse").FromString(message.body)
    assert (response.type_url, response.nonce) == (message.type_url, message.nonce)
    return SHORT.get(message.type_url, message.type_url), sorted(one.value.decode() for one in response.resources)


class Client:
    """One delta stream seen from both ends; the client acknowledges what it takes unless told not to."""

    def __init__(self, world: World, limits: Limits | None = None, *, answering: bool = True) -> None:
        self.world = world
        self.answering = answering
        self.session = DeltaSession(limits or Limits())
        self.messages: list[Message] = []

    def ask(self, type_url: str, *names: str, drop: tuple[str, ...] = (), **known: str):
        """Subscribes (and says what it holds), then takes what comes."""
        self.session.receive(DeltaRequest(type_url, names, drop, known))
        return self.take()

    def change(self, *changes: Mapping[str, set[str]]):
        for change in changes:
            self.session.mark(change)
        return self.take()

    def take(self):
        taken = []
        while (message := self.session.next(self.world, MOMENT)) is not None:
            self.messages.append(message)
            taken.append(read_delta(message))
            if self.answering:
                self.session.receive(DeltaRequest(message.type_url, nonce=message.nonce))
        return taken


class SotwClient:
    """One state-of-the-world stream seen from both ends; acknowledges as above."""

    def __init__(self, world: World, *, answering: bool = True) -> None:
        self.world = world
        self.answering = answering
        self.names: dict[str, tuple[str, ...]] = {}
        self.session = SotwSession(Limits())
        self.nonces: dict[str, str] = {}

    def ask(self, type_url: str, *names: str, nonce: str | None = None, error: str | None = None):
        known = self.nonces.get(type_url, "") if nonce is None else nonce
        if error is None:
            self.names[type_url] = names
        self.receipt = self.session.receive(SotwRequest(type_url, names, "", known, error))
        return self.take()

    def change(self, *changes: Mapping[str, set[str]]):
        for change in changes:
            self.session.mark(change)
        return self.take()

    def take(self):
        taken = []
        while (message := self.session.next(self.world, MOMENT)) is not None:
            self.nonces[message.type_url] = message.nonce
            taken.append(read_sotw(message))
            if self.answering:
                self.session.receive(SotwRequest(message.type_url, self.names[message.type_url], "", message.nonce))
        return taken
