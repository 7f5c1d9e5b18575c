"""Route configurations whose virtual hosts are resources of their own, and clients that answer when told to."""

from __future__ import annotations

from world import Client, World

from isthmus.model.resource import PIECEWISE, Resource
from isthmus.xds.order import ROUTE
from isthmus.xds.requests import DeltaRequest
from isthmus.xds.resources import content_version


def world(*tables: str, **hosts: str) -> World:
    """Piecewise route configurations, and virtual hosts of ``80`` by what follows the slash."""
    result = World(vhds={f"80/{name}": text for name, text in hosts.items()})
    for name in tables or ("80",):
        piecewise(result, name)
    return result


def piecewise(world: World, name: str, text: str = "r") -> dict[str, set[str]]:
    body = text.encode()
    world.resources.setdefault(ROUTE, {})[name] = Resource(name, ROUTE, body, content_version(body) + PIECEWISE)
    return {ROUTE: {name}}


def version(world: World, type_url: str, name: str) -> str:
    return world.resources[type_url][name].version


def quiet(world: World, *routes: str) -> Client:
    """A client that asked for route configurations, got them, and has yet to answer."""
    client = Client(world, answering=False)
    client.ask(ROUTE, *routes)
    return client


def answer(client: Client, *, error: str | None = None):
    """Answers the last message; what comes then."""
    last = client.messages[-1]
    client.session.receive(DeltaRequest(last.type_url, nonce=last.nonce, error=error))
    return client.take()
