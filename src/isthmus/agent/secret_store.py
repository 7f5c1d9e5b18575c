"""The secrets that Envoy may ask for now, and who wants to hear of changes.

Knows: names, contents, versions. Does not know where secrets come from or how they are served.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from isthmus.agent.messages.discovery import Resource
from isthmus.agent.messages.secret import SECRET_TYPE, Secret


class SecretStore:
    """A dictionary of secrets that wakes its readers. An unchanged secret wakes nobody."""

    def __init__(self) -> None:
        self._resources: dict[str, Resource] = {}
        self._readers: set[asyncio.Event] = set()

    def put(self, name: str, secret: Secret) -> bool:
        """Stores a secret; whether it differs from what was there."""
        body = secret.encode(name)
        version = hashlib.sha256(body).hexdigest()[:16]
        resource = Resource(name, version, SECRET_TYPE, body)
        if self._resources.get(name) == resource:
            return False
        self._resources[name] = resource
        for reader in self._readers:
            reader.set()
        return True

    def get(self, names: Iterable[str]) -> tuple[Resource, ...]:
        """Those of the named secrets that exist."""
        return tuple(self._resources[name] for name in names if name in self._resources)

    def __contains__(self, name: str) -> bool:
        return name in self._resources

    @contextmanager
    def changes(self) -> Iterator[asyncio.Event]:
        """An event that is set at each change, until the context ends; the reader clears it."""
        event = asyncio.Event()
        self._readers.add(event)
        try:
            yield event
        finally:
            self._readers.discard(event)
