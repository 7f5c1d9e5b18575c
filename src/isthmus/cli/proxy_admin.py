"""A proxy's admin page, which listens on the pod's loopback address.

Knows Envoy's admin paths. Does not know what is done with the answers.
"""

from __future__ import annotations

from typing import Any

from isthmus.kube.client import Client
from isthmus.kube.pod_http import get_json_from_pod
from isthmus.kube.pod_names import PodName
from isthmus.kube.websocket import PodPort

ADMIN_PORT = 15000

Json = dict[str, Any]


async def admin_dump(client: Client, pod: PodName, *, port: int = ADMIN_PORT, endpoints: bool = False) -> Json:
    """Envoy's ``/config_dump``; with ``endpoints``, what EDS gave it is included."""
    path = "/config_dump?include_eds" if endpoints else "/config_dump"
    return await get_json_from_pod(client, PodPort(pod.namespace, pod.name, port), path, Json)


async def admin_clusters(client: Client, pod: PodName, *, port: int = ADMIN_PORT) -> Json:
    """Envoy's ``/clusters``: the hosts of every cluster with their health."""
    return await get_json_from_pod(client, PodPort(pod.namespace, pod.name, port), "/clusters?format=json", Json)
