"""Keeps the plug-in installed while the node agent runs, and takes it away when the agent is removed.

Knows: that others write the node's configuration too, and how to tell an agent's replacement from its removal.
Does not know files' formats.
"""

from __future__ import annotations

import asyncio
import logging

from isthmus.cni import files, host_config, network_list
from isthmus.cni.host_config import NotYetError
from isthmus.cni.metrics import Metrics
from isthmus.cni.settings import PLUGIN, Settings
from isthmus.kube import kinds
from isthmus.kube.client import Client
from isthmus.kube.errors import ApiError, KubeError

log = logging.getLogger("install")

DAEMON_SET = "istio-cni-node"
_SECONDS = 1.0
_LOOK_SECONDS = 3.0


class Installation:
    """The plug-in's program and its place in the node's configuration."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._entry = network_list.entry(str(settings.socket), settings.excluded)
        self._program = settings.plugin.read_bytes()
        self._obstacle = "not installed yet"

    @property
    def obstacle(self) -> str:
        """What stands in the way of being ready; empty when the plug-in is in place."""
        return self._obstacle

    async def keep(self) -> None:
        """Looks once a second, on any file system, until cancelled."""
        while True:
            self.ensure()
            await asyncio.sleep(_SECONDS)

    def ensure(self) -> None:
        """Puts in place what is missing. The program comes first: a configuration without it stops every pod."""
        try:
            program = self._settings.programs / PLUGIN
            changed = not files.same(program, self._program)
            if changed:
                files.replace(program, self._program, 0o755)
            changed |= host_config.ensure(self._settings.host, self._entry)
        except (OSError, NotYetError, UnicodeDecodeError) as error:
            self._failed(str(error))
            return
        if changed:
            self._metrics.installs.labels("success").inc()
        self._metrics.ready.set(1)
        self._obstacle = ""

    def _failed(self, obstacle: str) -> None:
        if obstacle != self._obstacle:
            log.warning("the plug-in is not in place: %s", obstacle)
            self._metrics.installs.labels("failure").inc()
        self._metrics.ready.set(0)
        self._obstacle = obstacle

    def remove(self) -> None:
        """Leaves the node as it was. The configuration comes first, for the same reason."""
        host_config.restore(self._settings.host)
        (self._settings.programs / PLUGIN).unlink(missing_ok=True)
        self._settings.socket.unlink(missing_ok=True)
        log.info("the plug-in is removed from the node")


async def is_removed(client: Client, namespace: str) -> bool:
    """Whether the agent ends for good.

    While its DaemonSet stays, the plug-in stays too: pods then wait for the next agent. Rights that are gone were
    taken away with everything else. Without an API server no pod is started anyway, so nothing is left behind.
    """
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            found = await client.find(kinds.DAEMON_SET, DAEMON_SET, namespace=namespace)
    except ApiError as error:
        return error.status in (401, 403)
    except (KubeError, TimeoutError):
        return True
    return found is None or bool(found["metadata"].get("deletionTimestamp"))
