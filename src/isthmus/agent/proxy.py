"""``proxy``: the agent's main command. Starts Envoy, provides its secrets, reports on it, drains it.

Knows: what runs, in which order, and what ends what. Does not know how any of it works.

The order is what a pod's start costs: sockets and files first, then Envoy and the key's maker as processes
of their own, and only then the gRPC library is loaded, while those two are starting.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import isthmus
from isthmus.agent import bootstrap_files, http_server, unix_socket
from isthmus.agent.agent_metrics import AgentMetrics
from isthmus.agent.drain import Drainer
from isthmus.agent.envoy import Envoy
from isthmus.agent.health import Readiness
from isthmus.agent.metrics import MergedMetrics, parse_targets
from isthmus.agent.probes import Prober, parse_probes
from isthmus.agent.settings import Settings
from isthmus.agent.status_server import StatusServer
from isthmus.agent.workload_identity import KeyAhead

if TYPE_CHECKING:
    from isthmus.agent.workload_secrets import WorkloadSecrets

log = logging.getLogger("agent")


async def run(settings: Settings, root: Path) -> int:
    """Runs until Envoy ends (the result is its exit status) or the pod is told to end (0, after a drain)."""
    began = time.monotonic()
    stop = _stop_on_signals()
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(unix_socket.listen(settings.paths.workload_socket))
        bootstrap_files.write(settings)
        key = KeyAhead(settings.certificates.identity, settings.certificates.key)
        key.begin()
        envoy = await Envoy.start(settings)
        stack.callback(envoy.kill)
        log.info("started Envoy of %s, %s", settings.pod.name, settings.certificates.identity)

        from isthmus.agent import sds_server  # brings the gRPC library with it
        from isthmus.agent.workload_secrets import workload_secrets

        secrets = workload_secrets(settings, root, key.take)
        stack.callback((await sds_server.serve(listener, secrets.store, secrets.files.demand)).close)
        await stack.enter_async_context(_background(secrets))
        drainer = Drainer(envoy, settings)
        metrics = _metrics(secrets, time.monotonic() - began)
        status = _status(settings, drainer, envoy, metrics, stop)
        server = await http_server.serve(status.handle, http_server.listen(settings.ports.status))
        stack.callback(server.close)
        return await _until_end(envoy, drainer, stop)


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


@asynccontextmanager
async def _background(secrets: WorkloadSecrets) -> AsyncIterator[None]:
    """Runs the secrets' upkeep beside the body; a bug there ends the agent, loudly."""
    async with asyncio.TaskGroup() as group:
        upkeep = group.create_task(secrets.run())
        yield
        upkeep.cancel()


def _metrics(secrets: WorkloadSecrets, startup_seconds: float) -> AgentMetrics:
    cache = secrets.cache
    return AgentMetrics(
        version=isthmus.__version__,
        certificate_expiry=lambda: cache.issued.validity.not_after if cache.issued else 0.0,
        certificate_failures=lambda: cache.failures,
        startup_seconds=startup_seconds,
    )


def _status(
    settings: Settings, drainer: Drainer, envoy: Envoy, metrics: AgentMetrics, stop: asyncio.Event
) -> StatusServer:
    addresses = settings.pod.addresses
    targets = parse_targets(settings.application.metrics)
    return StatusServer(
        readiness=Readiness(envoy.admin, lambda: drainer.draining),
        prober=Prober(parse_probes(settings.application.probers), addresses[0] if addresses else ""),
        metrics=MergedMetrics(metrics, settings.ports.envoy_prometheus, targets),
        drain=drainer.begin,
        quit=stop.set,
        name_table=lambda: json.dumps({}).encode(),
    )


async def _until_end(envoy: Envoy, drainer: Drainer, stop: asyncio.Event) -> int:
    ended = asyncio.create_task(envoy.wait())
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((ended, stopped), return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            log.error("Envoy ended with status %d", ended.result())
            return ended.result()
        log.info("told to end: draining")
        await drainer.finish()
        return 0
    finally:
        ended.cancel()
        stopped.cancel()
