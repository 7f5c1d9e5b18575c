"""The operator while it leads: follows the cluster, and gives every resource to its worker when something changed.

Knows which worker is for which kind. Does not know processes.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import NoReturn

import structlog
from aiohttp.abc import AbstractResolver
from prometheus_client import CollectorRegistry

from isthmus.kube.client import Client
from isthmus.kube.errors import ApiError
from isthmus.kube.transport import Call
from isthmus.operator import agent_worker, istio_worker, revision_worker, tag_worker
from isthmus.operator.metrics import Reconciles, ResourceStates
from isthmus.operator.probe import Probes
from isthmus.operator.resources.status import Status
from isthmus.operator.settings import Settings
from isthmus.operator.shell import Shell
from isthmus.operator.state import State
from isthmus.operator.worklist import Key, Worklist

log = structlog.get_logger(__name__)

_WORKERS: Mapping[str, Callable[[Shell, str], Awaitable[float | None]]] = {
    "Istio": istio_worker.reconcile,
    "IstioRevision": revision_worker.reconcile,
    "IstioRevisionTag": tag_worker.reconcile,
    "IstioCNI": agent_worker.reconcile,
}


class Operator:
    """Runs for as long as this process is the leader; may be run again after that."""

    def __init__(
        self,
        client: Client,
        settings: Settings,
        registry: CollectorRegistry,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._client = client
        self._settings = settings
        self._resolver = resolver
        self._reconciles = Reconciles(registry)
        self._state: State | None = None
        ResourceStates(self._states, registry)

    async def run(self) -> NoReturn:
        """Works until cancelled."""
        profile = self._settings.default_profile or await platform_profile(self._client)
        try:
            async with asyncio.TaskGroup() as tasks:
                work = Worklist(lambda key: self._work(shell, key), random.random)
                state = State(lambda: _add_all(work, state))
                shell = Shell(self._client, state, time.time, self._settings.images, profile)
                await state.follow(self._client, tasks)
                self._state = state
                log.info("following the cluster", server=self._client.access.server, profile=profile or "default")
                tasks.create_task(work.run())
                tasks.create_task(Probes(shell, self._resolver).run())
                while True:
                    await asyncio.Future()
        finally:
            self._state = None

    async def _work(self, shell: Shell, key: Key) -> float | None:
        try:
            again = await _WORKERS[key.kind](shell, key.name)
        except Exception:
            self._reconciles.count(key, succeeded=False)
            raise
        self._reconciles.count(key, succeeded=True)
        return again

    def _states(self) -> Iterator[tuple[Key, str]]:
        for key, status in _resources(self._state) if self._state else ():
            yield key, (status.state if status else "") or "New"


def _resources(state: State) -> Iterator[tuple[Key, Status | None]]:
    for istio in state.istios.all:
        yield Key("Istio", istio.name), istio.status
    for revision in state.revisions.all:
        yield Key("IstioRevision", revision.name), revision.status
    for tag in state.tags.all:
        yield Key("IstioRevisionTag", tag.name), tag.status
    for agent in state.agents.all:
        yield Key("IstioCNI", agent.name), agent.status


def _add_all(work: Worklist, state: State) -> None:
    """Resources are few and looking at one that is as it should be costs little: every change concerns all."""
    for key, _ in _resources(state):
        work.add(key)


async def platform_profile(client: Client) -> str:
    """The profile that lies below all others on this platform."""
    try:
        await client.request(Call("GET", "/apis/config.openshift.io"))
    except ApiError as problem:
        if problem.not_found:
            return ""
        raise
    return "openshift"
