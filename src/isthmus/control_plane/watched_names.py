"""Reads what is needed whole: the mesh's ConfigMaps, the injector's, and the remote Secrets of the own namespace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from isthmus.api.core_secret import ConfigMap, Secret
from isthmus.control_plane.background import Background
from isthmus.control_plane.named_objects import NamedObjects
from isthmus.control_plane.remote_secrets import LABEL, RemoteSecret
from isthmus.control_plane.settings import Settings
from isthmus.kube import kinds
from isthmus.kube.client import Client, Query
from isthmus.kube.reflector import Reflector, Source


class ConfigMaps:
    """The ConfigMaps of the control plane's namespace that it reads."""

    def __init__(self, client: Client, settings: Settings, changed: Callable[[], None]) -> None:
        self._namespace = settings.namespace
        self._maps: NamedObjects[ConfigMap] = NamedObjects(changed)
        source = Source(kinds.CONFIG_MAP, ConfigMap, Query(namespace=settings.namespace))
        self._reflector = Reflector(client, source, self._maps)

    def data(self, name: str) -> Mapping[str, str] | None:
        """The data of one; None when there is none."""
        found = self._maps.objects.get((self._namespace, name))
        return found.data if found else None

    async def start(self, background: Background) -> None:
        """Watches from now on; returns when all have been read once."""
        background.keep("config maps", self._reflector.run)
        await self._reflector.wait_synced()


class RemoteSecrets:
    """The Secrets that declare remote clusters."""

    def __init__(self, client: Client, namespace: str, changed: Callable[[], None]) -> None:
        self._secrets: NamedObjects[Secret] = NamedObjects(changed)
        query = Query(namespace=namespace, labels=f"{LABEL}=true")
        self._reflector: Reflector[Any] = Reflector(client, Source(kinds.SECRET, Secret, query), self._secrets)

    def current(self) -> list[RemoteSecret]:
        """All of them."""
        return [
            RemoteSecret(namespace, name, item.metadata.creation_timestamp, item.data)
            for (namespace, name), item in self._secrets.objects.items()
        ]

    async def start(self, background: Background) -> None:
        """Watches from now on; returns when all have been read once."""
        background.keep("remote secrets", self._reflector.run)
        await self._reflector.wait_synced()
