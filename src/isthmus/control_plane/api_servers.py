"""The API servers that the process itself has credentials for.

An external control plane runs in one cluster and takes its configuration from another one: the kubeconfig that its
administrator mounts leads there, the pod's own account to where it runs. Remote clusters are declared by Secrets.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from isthmus.control_plane.settings import Settings
from isthmus.kube.access import Access, default_access, in_cluster
from isthmus.kube.client import Client
from isthmus.process.watched_files import WatchedFiles

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ApiServers:
    """``configuration``: the mesh's configuration, mesh settings, roots. ``secrets``: what declares remote clusters."""

    configuration: Client
    secrets: Client


@dataclass(frozen=True, slots=True)
class Accesses:
    """How they are reached; one access for both roles where they are the same cluster."""

    configuration: Access
    secrets: Access


def accesses_of(settings: Settings, environment: Mapping[str, str]) -> Accesses:
    """The configuration cluster: the given kubeconfig, else ``KUBECONFIG`` if that file exists, else the pod's own.

    Secrets are looked for there, or, when an external control plane is told so, where its pod runs (Istio:
    LOCAL_CLUSTER_SECRET_WATCHER). Raises ``AccessError``.
    """
    path = str(settings.kubeconfig) if settings.kubeconfig else None
    configuration = default_access(path, settings.context, environment)
    if settings.external and settings.local_secrets:
        return Accesses(configuration, in_cluster(environment))
    return Accesses(configuration, configuration)


@asynccontextmanager
async def opened(accesses: Accesses) -> AsyncIterator[ApiServers]:
    """Clients for both."""
    async with AsyncExitStack() as stack:
        configuration = await stack.enter_async_context(Client(accesses.configuration))
        if accesses.secrets == accesses.configuration:
            yield ApiServers(configuration, configuration)
        else:
            yield ApiServers(configuration, await stack.enter_async_context(Client(accesses.secrets)))


async def follow_kubeconfig(environment: Mapping[str, str], changed: Callable[[], None]) -> None:
    """Tells when the kubeconfig that is mounted into the pod came or changed: it takes a new start to use it.

    The Secret that it is mounted from is optional, so that it may be made after the control plane. A kubeconfig
    that goes away changes nothing. Outside of a pod nobody would start the process again: there it is not looked at.
    """
    if "KUBERNETES_SERVICE_HOST" not in environment or not environment.get("KUBECONFIG"):
        return
    path = Path(environment["KUBECONFIG"])

    def look() -> None:
        if path.is_file():
            log.warning("the kubeconfig of the configuration cluster changed, starting anew with it", file=str(path))
            changed()

    await WatchedFiles((path,)).follow(look)
