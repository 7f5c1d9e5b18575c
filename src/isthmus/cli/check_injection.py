"""Creates pods as dry runs in namespaces that ask for proxies: nothing is stored, every webhook is called."""

from __future__ import annotations

import asyncio
from typing import Any

from isthmus.analysis.finding import Origin
from isthmus.analysis.namespaces import SYSTEM
from isthmus.analysis.snapshot import ClusterSnapshot
from isthmus.checks.facts import Probe
from isthmus.kube import kinds
from isthmus.kube.client import Client, Writing
from isthmus.kube.errors import ApiError

_ASKING = ("istio-injection", "istio.io/rev")
_PROXY = "istio-proxy"
_SPEC = {"containers": [{"name": "check", "image": "isthmus.invalid/check"}]}


async def probes(client: Client, cluster: ClusterSnapshot, system_namespace: str) -> tuple[Probe, ...]:
    """One for each way in which namespaces of the cluster ask for proxies; none where pods may not be created."""
    tried = await asyncio.gather(*(_probe(client, origin) for origin in _namespaces(cluster, system_namespace)))
    return tuple(probe for probe in tried if probe)


def _namespaces(cluster: ClusterSnapshot, system_namespace: str) -> list[Origin]:
    chosen: dict[tuple[str, ...], Origin] = {}
    for entry in cluster.namespaces:
        labels, name = entry.value.metadata.labels, entry.value.metadata.name
        wish = tuple(labels.get(key, "") for key in _ASKING)
        unwanted = not any(wish) or wish[0] == "disabled" or name in SYSTEM or name == system_namespace
        if not unwanted and entry.value.status.phase != "Terminating":
            chosen.setdefault(wish, entry.origin)
    return list(chosen.values())


async def _probe(client: Client, namespace: Origin) -> Probe | None:
    pod = {"metadata": {"name": "isthmus-check", "namespace": namespace.name}, "spec": _SPEC}
    try:
        answer = await client.create(kinds.POD, pod, writing=Writing(dry_run=True))
    except ApiError as error:
        may_not = error.status == 403 and "cannot create resource" in error.message
        return None if may_not else Probe(namespace, refusal=error.message)
    return Probe(namespace, injected=_has_proxy(answer))


def _has_proxy(pod: dict[str, Any]) -> bool:
    spec = pod["spec"]
    return any(each["name"] == _PROXY for each in (*spec["containers"], *(spec.get("initContainers") or ())))
