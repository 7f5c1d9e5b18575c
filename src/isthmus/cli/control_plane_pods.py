"""The control plane's own pods, each of which knows only the proxies that are connected to it.

Knows their labels and how to ask all of them at once. Does not know what is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click
import msgspec

from isthmus.kube.client import Client, Query
from isthmus.kube.errors import KubeError
from isthmus.kube.kinds import POD

T = TypeVar("T")

MONITORING_PORT = 15014


class _Metadata(msgspec.Struct, frozen=True):
    name: str
    labels: dict[str, str] = {}


class _Pod(msgspec.Struct, frozen=True):
    metadata: _Metadata


class ControlPlanePod(msgspec.Struct, frozen=True):
    """A running pod of a control plane."""

    namespace: str
    name: str
    revision: str


async def control_plane_pods(client: Client, namespace: str, revision: str = "") -> tuple[ControlPlanePod, ...]:
    """The running pods, by name; ``KubeError`` when there are none."""
    labels = f"app=istiod,istio.io/rev={revision}" if revision else "app=istiod"
    query = Query(namespace, labels=labels, fields="status.phase=Running")
    found = await client.list(POD, query, into=_Pod)
    if not found.items:
        raise KubeError(
            f"no running pod with the labels {labels} in namespace {namespace}: "
            "is the control plane installed there (-i names another namespace)?"
        )
    return tuple(
        ControlPlanePod(namespace, pod.metadata.name, pod.metadata.labels.get("istio.io/rev", "default"))
        for pod in sorted(found.items, key=lambda pod: pod.metadata.name)
    )


async def ask_each(
    pods: tuple[ControlPlanePod, ...], ask: Callable[[ControlPlanePod], Awaitable[T]], *, quiet: bool = False
) -> tuple[tuple[ControlPlanePod, T], ...]:
    """Every pod's answer; ``KubeError`` when there is none.

    A pod that does not answer is named on stderr, unless ``quiet``.
    """
    answers = await asyncio.gather(*(ask(pod) for pod in pods), return_exceptions=True)
    good: list[tuple[ControlPlanePod, T]] = []
    failed: list[KubeError] = []
    for pod, answer in zip(pods, answers, strict=True):
        if isinstance(answer, KubeError):
            failed.append(answer)
        elif isinstance(answer, BaseException):
            raise answer
        else:
            good.append((pod, answer))
    if not good:
        raise failed[0]
    for error in () if quiet else failed:
        click.echo(f"warning: {error}", err=True)
    return tuple(good)
