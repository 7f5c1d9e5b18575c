"""Secret discovery as values: requests in, responses out.

Knows: both forms of the protocol, subscriptions, and what a stream has been sent.
Does not know sockets, nor how secrets come about.

A secret that does not exist yet is simply not sent: Envoy keeps waiting for it, whereas an empty answer
would be an answer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from isthmus.agent.messages.discovery import DeltaRequest, DeltaResponse, Request, Resource, Response
from isthmus.agent.messages.secret import SECRET_TYPE

log = logging.getLogger("sds")

Lookup = Callable[[tuple[str, ...]], tuple[Resource, ...]]


class FullSession:
    """One state-of-the-world stream."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self._sent: tuple[Resource, ...] = ()
        self._count = 0

    def receive(self, request: Request) -> None:
        """Takes a subscription, an acknowledgement or a refusal."""
        if request.error:
            log.warning("Envoy refused %s: %s", ", ".join(request.names), request.error)
        if request.names != self.names:
            self.names, self._sent = request.names, ()

    def respond(self, lookup: Lookup) -> Response | None:
        """What the stream should be sent now, None when it has all there is."""
        resources = lookup(self.names)
        if not resources or resources == self._sent:
            return None
        self._sent = resources
        self._count += 1
        version = "-".join(resource.version for resource in resources)
        return Response(version, resources, SECRET_TYPE, str(self._count))


class DeltaSession:
    """One incremental stream."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}  # name -> version sent, empty before the first
        self._count = 0

    @property
    def names(self) -> tuple[str, ...]:
        """What the stream is subscribed to."""
        return tuple(self._names)

    def receive(self, request: DeltaRequest) -> None:
        """Takes a change of subscription, an acknowledgement or a refusal."""
        if request.error:
            log.warning("Envoy refused %s: %s", ", ".join(self._names), request.error)
        for name in request.unsubscribe:
            self._names.pop(name, None)
        for name in request.subscribe:
            self._names[name] = ""

    def respond(self, lookup: Lookup) -> DeltaResponse | None:
        """What the stream should be sent now, None when it has all there is."""
        changed = tuple(item for item in lookup(self.names) if self._names[item.name] != item.version)
        if not changed:
            return None
        self._names.update((item.name, item.version) for item in changed)
        self._count += 1
        return DeltaResponse(changed, SECRET_TYPE, str(self._count))
