"""Answers the plug-in: looks a pod up, decides, has it captured.

Knows: the order of these steps and what is told when one fails. Does not know sockets.
"""

from __future__ import annotations

import asyncio
import logging
import time

from isthmus.cni.capturing import CaptureError, capture
from isthmus.cni.decision import WrongPodError, decide
from isthmus.cni.metrics import Metrics
from isthmus.cni.pods import Pod
from isthmus.cni.request import Request
from isthmus.cni.settings import Settings
from isthmus.kube import kinds
from isthmus.kube.client import Client
from isthmus.kube.errors import ApiError, KubeError

log = logging.getLogger("agent")

AGREED = "ok"
_LOOKUP_SECONDS = 10.0
_RETRY_SECONDS = 0.2
_MIRROR = "kubernetes.io/config.mirror"


class NodeAgent:
    """Captures pods when the plug-in asks for it."""

    def __init__(self, client: Client, settings: Settings, metrics: Metrics) -> None:
        self._client = client
        self._settings = settings
        self._metrics = metrics

    async def answer(self, request: Request, namespace: int) -> str:
        """``ok``, or why the pod must not start yet. The descriptor stands for the pod's network namespace."""
        started = time.monotonic()
        try:
            captured = await self._capture(await self._pod(request), namespace)
        except (KubeError, TimeoutError, WrongPodError, CaptureError) as error:
            self._metrics.requests.labels("failed").inc()
            reason = str(error) or f"the API server showed no such pod within {_LOOKUP_SECONDS:.0f} s"
            log.warning("%s/%s: %s", request.namespace, request.name, reason)
            return reason
        self._metrics.requests.labels("captured" if captured else "passed").inc()
        self._metrics.seconds.observe(time.monotonic() - started)
        return AGREED

    async def _capture(self, pod: Pod, namespace: int) -> bool:
        decision = decide(pod, self._settings.excluded, self._settings.nftables)
        if decision.reason:
            log.debug("%s is not captured: %s", pod.title, decision.reason)
            return False
        await capture(decision, namespace)
        log.info("%s is captured", pod.title)
        return True

    async def _pod(self, request: Request) -> Pod:
        """The pod that starts. One that is not there is waited for: the API server may not show it everywhere yet."""
        async with asyncio.timeout(_LOOKUP_SECONDS):
            while True:
                try:
                    pod = await self._client.get(kinds.POD, request.name, namespace=request.namespace, into=Pod)
                except ApiError as error:
                    if not error.not_found:
                        raise
                else:
                    if _is_meant(pod, request):
                        return pod
                await asyncio.sleep(_RETRY_SECONDS)

    async def repair(self, pod: Pod, namespace: int) -> None:
        """The same for a pod that runs already; raises what ``answer`` would tell."""
        await self._capture(pod, namespace)


def _is_meant(pod: Pod, request: Request) -> bool:
    """A pod of the same name may have come before or after. A static pod's own uid is that of its file."""
    return not request.uid or request.uid in (pod.metadata.uid, pod.metadata.annotations.get(_MIRROR))
