"""DNS in the pod, wired: table from the control plane, answers to the application.

Knows: which parts there are. Does not know how any of them works.
"""

from __future__ import annotations

import dataclasses
import json
from contextlib import AsyncExitStack

from isthmus.agent.dns_forwarder import Forwarder, servers_of
from isthmus.agent.dns_server import DnsServer
from isthmus.agent.dns_table import DnsTable, Viewpoint
from isthmus.agent.messages.structure import encode_struct
from isthmus.agent.messages.wire import message, text
from isthmus.agent.name_subscription import Names, NameSubscription
from isthmus.agent.node import metadata, node_id, service_cluster
from isthmus.agent.settings import Settings
from isthmus.process.resolver_file import ResolverFile


class NameServer:
    """The pod's names: subscribed to, answered, and shown on a debug page."""

    def __init__(self, settings: Settings, resolver: ResolverFile) -> None:
        self._viewpoint = Viewpoint(settings.dns_domain, resolver.search[0] if resolver.search else "")
        self._names: Names = {}
        self._table: DnsTable | None = None
        self._settings = settings
        dns = settings.dns
        forwarder = Forwarder(servers_of(resolver.name_servers), dns.forward_timeout, dns.forward_parallel)
        self._server = DnsServer(lambda: self._table, forwarder)

    async def listen(self, stack: AsyncExitStack) -> None:
        """Answers from now on: with failures until the first table has come."""
        assert self._settings.dns.address is not None, "called only when DNS is captured"
        await self._server.listen(self._settings.dns.address.port, stack)

    async def run(self) -> None:
        """Keeps the table current for ever."""
        settings = self._settings
        node = encoded_node(settings)
        await NameSubscription(settings.discovery, settings.paths.token, node, self._take).run()

    def page(self) -> bytes:
        """The table as JSON."""
        return json.dumps({name: dataclasses.asdict(info) for name, info in sorted(self._names.items())}).encode()

    def _take(self, names: Names) -> None:
        self._names = names
        self._table = DnsTable(names, self._viewpoint)


def encoded_node(settings: Settings) -> bytes:
    """The pod's ``Node``, as the agent introduces itself beside Envoy."""
    return (
        text(1, node_id(settings)) + text(2, service_cluster(settings)) + message(3, encode_struct(metadata(settings)))
    )
