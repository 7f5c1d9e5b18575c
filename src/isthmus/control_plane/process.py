"""The process: builds every part, hands one to the other, and runs until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
import time

import structlog

from isthmus import __version__
from isthmus.ca.errors import BundleError
from isthmus.control_plane.api_servers import Accesses, accesses_of, follow_kubeconfig, opened
from isthmus.control_plane.collector import CollectorPauses
from isthmus.control_plane.errors import StartError
from isthmus.control_plane.logs import configure_logs
from isthmus.control_plane.plane import ControlPlane
from isthmus.control_plane.settings import Settings
from isthmus.kube.errors import AccessError
from isthmus.process import event_loop

log = structlog.get_logger(__name__)


class _Stopped(Exception):  # noqa: N818 - ends the task group, is no error
    pass


def run(settings: Settings) -> None:
    """Runs the control plane until SIGTERM or SIGINT. Exits with 1 and one line when it cannot start."""
    configure_logs(settings.log_level)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # one descriptor per proxy: the usual 1024 are few
    try:
        event_loop.run(serve(settings, accesses_of(settings, os.environ)))
    except (AccessError, BundleError, StartError) as error:
        log.critical("cannot start", problem=str(error))
        sys.exit(1)


async def serve(settings: Settings, accesses: Accesses) -> None:
    """Serves until a signal comes or the kubeconfig is another one, then drains."""
    started = time.monotonic()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    log.info("starting", version=__version__, cluster=settings.cluster_id, server=accesses.configuration.server)
    async with opened(accesses) as api:
        plane = ControlPlane(settings, api)
        with CollectorPauses(plane.registry).watched():
            await _run(plane, stop, started)


async def _run(plane: ControlPlane, stop: asyncio.Event, started: float) -> None:
    def tell(_: object) -> None:
        if plane.ready:
            log.info("ready", seconds=round(time.monotonic() - started, 2))

    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(plane.start(tasks), name="start").add_done_callback(tell)
            tasks.create_task(follow_kubeconfig(os.environ, stop.set), name="kubeconfig")
            await stop.wait()
            log.info("stopping")
            await plane.stop(plane.settings.shutdown)
            raise _Stopped
    except* _Stopped:
        log.info("stopped")
    except* (BundleError, StartError) as errors:
        raise errors.exceptions[0] from None
