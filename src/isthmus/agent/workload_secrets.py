"""All of Envoy's secrets, wired: where each comes from and how it gets into the store.

Knows: which source provides the workload's certificate in this pod. Does not know the sources' workings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from isthmus.agent import certificate_files
from isthmus.agent.ca_client import CaClient
from isthmus.agent.file_secrets import FileSecrets
from isthmus.agent.secret_cache import Clock, Issuer, SecretCache
from isthmus.agent.secret_store import SecretStore
from isthmus.agent.settings import Settings
from isthmus.agent.workload_identity import SigningRequest

_MESH_ROOTS = "mesh"
_MOUNTED = "mounted"

NewRequest = Callable[[], Awaitable[SigningRequest]]


@dataclass(frozen=True, slots=True)
class WorkloadSecrets:
    """The store and its sources. ``asks_authority`` is False when the certificate is mounted into the pod."""

    store: SecretStore
    cache: SecretCache
    files: FileSecrets
    asks_authority: bool

    async def run(self) -> None:
        """Keeps the secrets fresh for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.files.run())
            if self.asks_authority:
                group.create_task(self.cache.run())


def workload_secrets(settings: Settings, root: Path, new_request: NewRequest) -> WorkloadSecrets:
    """The secrets of this pod. Mounted certificates are preferred over the authority's, as in Istio."""
    store = SecretStore()
    authority = CaClient(settings.certificates, settings.paths.token)
    cache = SecretCache(settings.certificates, Issuer(new_request, authority.sign), store, Clock())
    files = FileSecrets(store, root)
    _copy_for_application(settings, cache)
    if settings.paths.mesh_root.is_file():
        files.watch(_MESH_ROOTS, (settings.paths.mesh_root,), lambda pem: cache.trust(_MESH_ROOTS, pem[0]))
    mounted = certificate_files.mounted(settings.paths.workload_certificates)
    if mounted:
        files.watch(_MOUNTED, mounted, lambda pem: cache.use(certificate_files.issued_from(pem)))
    asks_authority = mounted is None and not settings.certificates.files_only
    return WorkloadSecrets(store, cache, files, asks_authority)


def _copy_for_application(settings: Settings, cache: SecretCache) -> None:
    directory = settings.paths.output_certificates
    if directory is not None:
        cache.on_issued = lambda issued: certificate_files.write(directory, issued)
