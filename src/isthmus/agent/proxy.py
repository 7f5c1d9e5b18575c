"""``proxy``: the agent's main command. Starts Envoy, provides its secrets, reports on it, drains it.

Knows: what runs, in which order, and what ends what. Does not know how any of it works.

The order is what a pod's start costs: sockets and files first, then Envoy and the key's maker as processes
of their own, and only then the gRPC library is loaded, while those two are starting.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import isthmus
from isthmus.agent import bootstrap_files, early_readiness
from isthmus.agent.agent_metrics import AgentMetrics
from isthmus.agent.bootstrap_listeners import wildcards
from isthmus.agent.drain import Drainer
from isthmus.agent.early_readiness import EarlyReadiness
from isthmus.agent.envoy import Envoy
from isthmus.agent.health import Readiness
from isthmus.agent.metrics import MergedMetrics, parse_targets
from isthmus.agent.probes import Prober, parse_probes
from isthmus.agent.settings import Settings
from isthmus.agent.status_server import StatusServer
from isthmus.agent.workload_identity import KeyAhead
from isthmus.process import http_server, unix_socket

if TYPE_CHECKING:
    from isthmus.agent.name_server import NameServer
    from isthmus.agent.secret_cache import SecretCache
    from isthmus.agent.workload_secrets import WorkloadSecrets

log = logging.getLogger("agent")

Upkeep = Callable[[], Coroutine[Any, Any, None]]


async def run(settings: Settings, root: Path) -> int:
    """Runs until Envoy ends (the result is its exit status) or the pod is told to end (0, after a drain).

    OSError when a port, a file or Envoy itself is not to be had.
    """
    began = time.monotonic()
    stop = _stop_on_signals()
    async with AsyncExitStack() as stack:
        # Listening comes first: what connects from now on waits, instead of failing and trying again later.
        listener = stack.enter_context(unix_socket.listen(settings.paths.workload_socket))
        status_listener = stack.enter_context(http_server.listen(settings.ports.status))
        shared = early_readiness.listen(wildcards(settings.pod.addresses), settings.ports.envoy_status)
        for each in shared:
            stack.enter_context(each)
        bootstrap_files.write(settings)
        key = KeyAhead(settings.certificates.identity, settings.certificates.key)
        key.begin()
        envoy = await Envoy.start(settings)
        stack.callback(envoy.kill)
        log.info("started Envoy of %s, %s", settings.pod.name, settings.certificates.identity)
        secrets = await _serve_secrets(settings, root, key, listener, stack)
        names = await _serve_names(settings, stack)
        drainer = Drainer(envoy, settings)
        readiness = Readiness(envoy.admin, lambda: drainer.draining)
        early = EarlyReadiness(readiness, shared)
        await stack.enter_async_context(_kept_up(secrets.run, early.run, *([names.run] if names else [])))
        parts = _Parts(settings, envoy, drainer, readiness, stop, names)
        status = _status(parts, _metrics(secrets.cache, time.monotonic() - began))
        server = await http_server.serve(status.handle, status_listener)
        stack.callback(server.close)
        return await _until_end(parts)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What is running."""

    settings: Settings
    envoy: Envoy
    drainer: Drainer
    readiness: Readiness
    stop: asyncio.Event
    names: NameServer | None


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _serve_secrets(
    settings: Settings, root: Path, key: KeyAhead, listener: socket.socket, stack: AsyncExitStack
) -> WorkloadSecrets:
    from isthmus.agent import sds_server  # brings the gRPC library with it
    from isthmus.agent.workload_secrets import workload_secrets

    secrets = workload_secrets(settings, root, key.take)
    stack.callback((await sds_server.serve(listener, secrets.store, secrets.files.demand)).close)
    return secrets


async def _serve_names(settings: Settings, stack: AsyncExitStack) -> NameServer | None:
    """Serves DNS in pods whose DNS is captured; others do not even load it."""
    if settings.dns.address is None:
        return None
    from isthmus.agent.name_server import NameServer
    from isthmus.process import resolver_file

    names = NameServer(settings, resolver_file.read())
    await names.listen(stack)
    return names


@asynccontextmanager
async def _kept_up(*upkeep: Upkeep) -> AsyncIterator[None]:
    """Runs upkeep beside the body and ends it with it; a bug there ends the agent, loudly."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work()) for work in upkeep]
        yield
        for task in tasks:
            task.cancel()


def _metrics(cache: SecretCache, startup_seconds: float) -> AgentMetrics:
    return AgentMetrics(
        version=isthmus.__version__,
        certificate_expiry=lambda: cache.issued.validity.not_after if cache.issued else 0.0,
        certificate_failures=lambda: cache.failures,
        startup_seconds=startup_seconds,
    )


def _status(parts: _Parts, metrics: AgentMetrics) -> StatusServer:
    settings = parts.settings
    addresses = settings.pod.addresses
    names = parts.names
    return StatusServer(
        readiness=parts.readiness,
        prober=Prober(parse_probes(settings.application.probers), addresses[0] if addresses else ""),
        metrics=MergedMetrics(metrics, settings.ports.envoy_prometheus, parse_targets(settings.application.metrics)),
        drain=parts.drainer.begin,
        quit=parts.stop.set,
        name_table=lambda: names.page() if names else b"{}",
    )


async def _until_end(parts: _Parts) -> int:
    ended = asyncio.create_task(parts.envoy.wait())
    stopped = asyncio.create_task(parts.stop.wait())
    try:
        await asyncio.wait((ended, stopped), return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            log.error("Envoy ended with status %d", ended.result())
            return ended.result()
        log.info("told to end: draining")
        await parts.drainer.finish()
        return 0
    finally:
        ended.cancel()
        stopped.cancel()
