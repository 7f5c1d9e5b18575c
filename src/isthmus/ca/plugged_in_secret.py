"""The plugged-in CA of an external control plane: the Secret ``cacerts`` in the configuration cluster.

Whoever administers the mesh puts it there; nobody can mount it into a pod of another cluster. Knows Kubernetes
Secrets. Does not know what makes a bundle (``bundle``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog

from isthmus.ca.authority import Authority
from isthmus.ca.bundle import Bundle, load_bundle
from isthmus.ca.errors import BundleError
from isthmus.kube import kinds
from isthmus.kube.client import Client, Query
from isthmus.kube.events import Event
from isthmus.kube.reflector import Pace, Reflector, Source

log = structlog.get_logger(__name__)

SECRET = "cacerts"  # noqa: S105 - a name


class _Secret(msgspec.Struct, frozen=True):
    """The wire form; ``repr`` shows no data."""

    data: Mapping[str, bytes] = {}

    def __repr__(self) -> str:
        return f"_Secret({', '.join(sorted(self.data))})"


class PluggedInSecret:
    """``cacerts`` in one namespace of one cluster."""

    def __init__(self, client: Client, namespace: str, pace: Pace | None = None) -> None:
        self._place = f"Secret {namespace}/{SECRET}"
        self._client = client
        self._namespace = namespace
        self._pace = pace

    async def load(self) -> Bundle | None:
        """The bundle that is there now, None when there is none.

        ``BundleError`` names the key and the cure, ``KubeError`` says that the cluster cannot be asked.
        """
        query = Query(self._namespace, fields=f"metadata.name={SECRET}")
        found = (await self._client.list(kinds.SECRET, query, into=_Secret)).items
        return self._bundle(found[0]) if found else None

    async def watch(self, authority: Authority) -> None:
        """Offers every changed bundle to the authority, for ever."""
        query = Query(self._namespace, fields=f"metadata.name={SECRET}")
        sink = _Offers(self, authority)
        await Reflector(self._client, Source(kinds.SECRET, _Secret, query), sink, self._pace).run()

    def offer(self, secret: _Secret, authority: Authority) -> None:
        """Hands the bundle to the authority if it is one."""
        try:
            bundle = self._bundle(secret)
        except BundleError as error:
            log.warning("changed CA bundle is not usable, the former one stays in use", problem=str(error))
            return
        if bundle is not None:
            authority.offer(bundle)

    def note_removal(self) -> None:
        """Says that the Secret is gone."""
        log.warning("CA bundle removed, the former one stays in use until a restart", secret=self._place)

    def _bundle(self, secret: _Secret) -> Bundle | None:
        try:
            return load_bundle(secret.data, datetime.now(UTC))
        except BundleError as error:
            raise BundleError(f"{self._place} {error.file}", error.problem, error.cure) from None


class _Offers:
    def __init__(self, place: PluggedInSecret, authority: Authority) -> None:
        self._place = place
        self._authority = authority

    def replace(self, objects: Sequence[_Secret]) -> None:
        if not objects:
            self._place.note_removal()
        for secret in objects:
            self._place.offer(secret, self._authority)

    def change(self, events: Sequence[Event[Any]]) -> None:
        for event in events:
            if event.type == "DELETED":
                self._place.note_removal()
            else:
                self._place.offer(event.object, self._authority)
