"""Pods that started without rules, because the node agent was late: found by their validation's end, and repaired.

Knows: how such pods look, and the three things that can be done. Does not know how rules are installed.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import NoReturn

from isthmus.capture.validation import FAILED
from isthmus.cni.capturing import CaptureError
from isthmus.cni.decision import WrongPodError
from isthmus.cni.metrics import Metrics
from isthmus.cni.network_namespaces import open_namespace
from isthmus.cni.pods import ContainerStatus, Pod
from isthmus.cni.settings import Settings
from isthmus.kube import kinds
from isthmus.kube.client import Client, Query
from isthmus.kube.errors import KubeError
from isthmus.kube.events import Event
from isthmus.kube.reflector import Reflector, Source

log = logging.getLogger("repair")

Capture = Callable[[Pod, int], Awaitable[None]]


def failures(pod: Pod, init_container: str) -> int:
    """How often the pod has started without rules so far; 0 for every other pod."""
    if "sidecar.istio.io/status" not in pod.metadata.annotations:
        return 0
    return sum(_failures(each) for each in pod.status.init_container_statuses if each.name == init_container)


def _failures(status: ContainerStatus) -> int:
    ended = status.state.terminated
    if ended is not None:
        return status.restart_count + 1 if ended.exit_code == FAILED else 0
    before = status.last_state.terminated
    return status.restart_count if before is not None and before.exit_code == FAILED else 0


class BrokenPods:
    """A reflector's sink: the pods that wait for repair, each once for each of its failures."""

    def __init__(self, init_container: str) -> None:
        self._init_container = init_container
        self._seen: dict[str, int] = {}
        self._waiting: dict[str, Pod] = {}
        self._news = asyncio.Event()

    def replace(self, objects: Sequence[Pod]) -> None:
        """These are all pods of the node."""
        present = {pod.metadata.uid for pod in objects}
        self._seen = {uid: count for uid, count in self._seen.items() if uid in present}
        self._waiting.clear()
        for pod in objects:
            self._look(pod)

    def change(self, events: Sequence[Event[Pod]]) -> None:
        """These pods changed."""
        for event in events:
            if event.type == "DELETED":
                self._seen.pop(event.object.metadata.uid, None)
                self._waiting.pop(event.object.metadata.uid, None)
            else:
                self._look(event.object)

    def _look(self, pod: Pod) -> None:
        count = failures(pod, self._init_container)
        if count > self._seen.get(pod.metadata.uid, 0):
            self._seen[pod.metadata.uid] = count
            self._waiting[pod.metadata.uid] = pod
            self._news.set()

    async def next(self) -> Pod:
        """A broken pod, as soon as there is one."""
        while not self._waiting:
            self._news.clear()
            await self._news.wait()
        return self._waiting.pop(next(iter(self._waiting)))


class Repair:
    """Repairs the node's broken pods, one after the other."""

    def __init__(self, client: Client, settings: Settings, metrics: Metrics, capture: Capture) -> None:
        self._client = client
        self._settings = settings
        self._metrics = metrics
        self._capture = capture
        self._broken = BrokenPods(settings.repair.init_container)

    async def run(self) -> NoReturn:
        """Until cancelled. A pod that cannot be repaired is tried again when it has failed again."""
        query = Query(fields=f"spec.nodeName={self._settings.node}")
        reflector = Reflector(self._client, Source(kinds.POD, Pod, query), self._broken)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(reflector.run())
            while True:
                await self._repair(await self._broken.next())

    async def _repair(self, pod: Pod) -> None:
        mode = self._settings.repair.mode
        actions = {"repair": self._install, "delete": self._delete, "label": self._label}
        try:
            await actions[mode](pod)
        except (KubeError, OSError, CaptureError, WrongPodError) as error:
            self._metrics.repairs.labels(mode, "fail").inc()
            log.warning("%s started without rules, and %s failed: %s", pod.title, mode, error)
        else:
            self._metrics.repairs.labels(mode, "success").inc()
            log.warning("%s started without rules: %s succeeded", pod.title, mode)

    async def _install(self, pod: Pod) -> None:
        namespace = open_namespace(self._settings.processes, pod.metadata.uid)
        try:
            await self._capture(pod, namespace)
        finally:
            os.close(namespace)

    async def _delete(self, pod: Pod) -> None:
        await self._client.delete(kinds.POD, pod.metadata.name, namespace=pod.metadata.namespace)

    async def _label(self, pod: Pod) -> None:
        labels = {self._settings.repair.label: self._settings.repair.label_value}
        patch = {"metadata": {"labels": labels}}
        await self._client.merge_patch(kinds.POD, pod.metadata.name, patch, namespace=pod.metadata.namespace)
