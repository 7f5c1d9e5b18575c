"""A discovery server over a store that tests write to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry

from isthmus.model.identity import Caller
from isthmus.model.resource import PIECEWISE, Resource
from isthmus.rpc.refusal import Code, Refused
from isthmus.rpc.server import RpcServer
from isthmus.rpc.tls import ServerTls
from isthmus.xds.node import Node
from isthmus.xds.order import ROUTE
from isthmus.xds.resources import resource_of
from isthmus.xds.server import XdsServer
from isthmus.xds.settings import XdsSettings
from isthmus.xds.stream import AdsStream


class Store:
    """A ``ResourceSource`` with the same resources for every proxy."""

    def __init__(self) -> None:
        self.resources: dict[str, dict[str, Resource]] = {}
        self.resumed: list[tuple[str, dict[str, str]]] = []
        self.opened: list[tuple[Node, Caller | None]] = []
        self.server: XdsServer
        self._open: set[int] = set()

    def open(self, node: Node, caller: Caller | None) -> int:
        self.opened.append((node, caller))
        self._open.add(len(self.opened))
        return len(self.opened)

    def close(self, subscriber: Any) -> None:
        self._open.remove(subscriber)

    def resume(self, subscriber: Any, type_url: str, versions: Mapping[str, str]) -> None:
        self.resumed.append((type_url, dict(versions)))

    def cluster(self, subscriber: Any) -> str:
        return ""

    def wildcard(self, subscriber: Any, type_url: str) -> Mapping[str, Resource]:
        return self.resources.get(type_url, {})

    def named(self, subscriber: Any, type_url: str, names: Iterable[str]) -> Mapping[str, Resource]:
        known = self.resources.get(type_url, {})
        return {name: known[name] for name in names if name in known}

    def put(self, *messages: Any, removed: Mapping[str, set[str]] = {}) -> None:
        """Adds or changes resources, and removes some, as one change."""
        changes: dict[str, set[str]] = {}
        for message in messages:
            resource = _resource(message)
            self.resources.setdefault(resource.type_url, {})[resource.name] = resource
            changes.setdefault(resource.type_url, set()).add(resource.name)
        for type_url, names in removed.items():
            for name in names:
                del self.resources[type_url][name]
            changes.setdefault(type_url, set()).update(names)
        for subscriber in self._open:
            self.server.changed(subscriber, changes)


def _resource(message: Any) -> Resource:
    found = resource_of(getattr(message, "cluster_name", "") or message.name, message)
    piecewise = found.type_url == ROUTE and message.HasField("vhds")
    return msgspec.structs.replace(found, version=found.version + PIECEWISE) if piecewise else found


class Pages:
    """Debug pages of a control plane that has one."""

    identifier = json.dumps({"Component": "istiod", "ID": "istiod-1"})

    def page(self, request: str, namespace: str | None) -> bytes:
        if request != "clusterz":
            raise Refused(Code.INVALID_ARGUMENT, f"no page {request!r}")
        return b'[{"id": "cluster1"}]'

    def config_dump(self, proxy: str) -> Mapping[str, Resource]:
        raise Refused(Code.INVALID_ARGUMENT, f"{proxy} is not connected")


class ControlPlane:
    """A store, a server, and its listeners."""

    def __init__(self, settings: XdsSettings) -> None:
        self.store = Store()
        self.xds = XdsServer(self.store, Pages(), CollectorRegistry(), settings)
        self.store.server = self.xds
        self.rpc = RpcServer()

    async def listen(self, authenticate: Any = None, tls: ServerTls | None = None) -> int:
        return await self.rpc.listen([self.xds.service(authenticate)], "127.0.0.1", 0, tls)

    def acknowledged(self, type_url: str) -> bool:
        """Whether every stream has all that there is of a type."""
        streams = tuple(self.xds.connections)
        return bool(streams) and all(caught_up(stream, type_url) for stream in streams)


def caught_up(stream: AdsStream, type_url: str) -> bool:
    """Whether a stream was sent something of a type, has nothing more to send, and everything was answered."""
    ledger = stream.ledgers.get(type_url)
    return ledger is not None and not stream.pending and ledger.sent != "" and ledger.sent == ledger.acked
