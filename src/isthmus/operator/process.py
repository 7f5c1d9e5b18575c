"""The operator's process: health pages, leadership, and the operator while it leads."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys

import structlog
from prometheus_client import CollectorRegistry

from isthmus import __version__
from isthmus.control_plane.background import Background
from isthmus.control_plane.errors import StartError
from isthmus.control_plane.logs import configure_logs
from isthmus.kube.access import Access, default_access
from isthmus.kube.backoff import Backoff
from isthmus.kube.client import Client
from isthmus.kube.elections import Election, lead
from isthmus.kube.errors import AccessError, KubeError
from isthmus.kube.transport import Call
from isthmus.operator.http import serving
from isthmus.operator.operator import Operator
from isthmus.operator.settings import Settings
from isthmus.process import event_loop

log = structlog.get_logger(__name__)

LEASE = "istio-operator-lock"


class _Stopped(Exception):  # noqa: N818 - ends the task group, is no error
    pass


def run(settings: Settings) -> None:
    """Runs the operator until SIGTERM or SIGINT. Exits with 1 and one line when it cannot start."""
    configure_logs(settings.log_level)
    try:
        access = default_access(settings.kubeconfig or None, settings.context or None, os.environ)
        event_loop.run(_until_signal(settings, access))
    except (AccessError, StartError) as error:
        log.critical("cannot start", problem=str(error))
        sys.exit(1)


async def _until_signal(settings: Settings, access: Access) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(settings, access, stop)


async def serve(settings: Settings, access: Access, stop: asyncio.Event) -> None:
    """Serves until told to stop."""
    registry = CollectorRegistry()
    answered = asyncio.Event()
    log.info("starting", version=__version__, server=access.server)
    async with Client(access) as client, serving(settings.http, answered.is_set, registry):
        operator = Operator(client, settings, registry)
        election = Election(LEASE, settings.namespace, settings.pod_name)
        try:
            async with asyncio.TaskGroup() as tasks:
                background = Background(tasks, registry)
                tasks.create_task(_first_answer(client, answered))
                background.keep("operator", lambda: lead(client, election, operator.run))
                await stop.wait()
                raise _Stopped
        except* _Stopped:
            log.info("stopped")


async def _first_answer(client: Client, answered: asyncio.Event) -> None:
    backoff = Backoff(random.random)
    while not answered.is_set():
        try:
            await client.request(Call("GET", "/version", timeout=10))
            answered.set()
        except KubeError as problem:
            log.warning("no answer yet", error=str(problem))
            await asyncio.sleep(backoff.next())
