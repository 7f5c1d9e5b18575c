"""The node agent's process: wires its parts, serves readiness and metrics, ends on a signal.

Knows: which parts there are and in which order they start and end.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import suppress

from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from isthmus.cni import plugin_socket
from isthmus.cni.installation import Installation, is_removed
from isthmus.cni.metrics import Metrics
from isthmus.cni.node_agent import NodeAgent
from isthmus.cni.repair import Repair
from isthmus.cni.settings import Settings
from isthmus.kube.access import in_cluster
from isthmus.kube.client import Client
from isthmus.kube.sources import source_of
from isthmus.process import http_server, unix_socket
from isthmus.process.http_messages import Request
from isthmus.process.http_server import Response

log = logging.getLogger("agent")

_READINESS_PORT, _METRICS_PORT = 8000, 15014


async def run(settings: Settings) -> None:
    """Runs until a signal says to end."""
    access = in_cluster()
    metrics = Metrics()
    installation = Installation(settings, metrics)
    async with Client(access, source=source_of(access)) as client:
        work = asyncio.create_task(_work(client, settings, installation, metrics))
        await _signalled(work)
        if await is_removed(client, settings.namespace):
            installation.remove()
        else:
            log.info("the plug-in stays: pods that start wait for the next agent")


async def _signalled(work: asyncio.Task[None]) -> None:
    """Waits for a signal and ends the work; raises what ended the work before."""
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    signalled = asyncio.create_task(ending.wait())
    await asyncio.wait((work, signalled), return_when=asyncio.FIRST_COMPLETED)
    if work.done():
        signalled.cancel()
        await work
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work


async def _work(client: Client, settings: Settings, installation: Installation, metrics: Metrics) -> None:
    agent = NodeAgent(client, settings, metrics)
    # Pods find somebody who answers as soon as the plug-in is in place.
    listener = unix_socket.listen(settings.socket)
    await _serve_http(installation, metrics)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(plugin_socket.serve(listener, agent.answer))
        tasks.create_task(installation.keep())
        if settings.repair.mode:
            tasks.create_task(Repair(client, settings, metrics, agent.repair).run())


async def _serve_http(installation: Installation, metrics: Metrics) -> None:
    async def readiness(request: Request) -> Response:
        if request.path not in ("/readyz", "/healthz"):
            return Response(404)
        if request.path == "/readyz" and installation.obstacle:
            return Response(503, f"{installation.obstacle}\n".encode())
        return Response(200)

    async def numbers(request: Request) -> Response:
        if request.path != "/metrics":
            return Response(404)
        return Response(200, generate_latest(metrics.registry), {"Content-Type": CONTENT_TYPE_LATEST})

    for port, handler in ((_READINESS_PORT, readiness), (_METRICS_PORT, numbers)):
        await http_server.serve(handler, http_server.listen(port))
